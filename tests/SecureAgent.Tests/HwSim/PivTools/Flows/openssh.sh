# ssh-keygen -D and ssh-add -s of OpenSSH, which load ykcs11 and OpenSC.
. "$FLOWS/prelude.sh"

openssl req -new -x509 -newkey rsa:2048 -nodes -keyout key.pem -out key.crt -subj /CN=rsa 2>/dev/null
yubico-piv-tool -a import-key -s 9a -i key.pem
yubico-piv-tool -a import-certificate -s 9a -i key.crt
yubico-piv-tool -a generate -s 9d -A ECCP256 -o 9d.pub # without a certificate: ykcs11 sees it by its attestation
ssh-keygen -i -m PKCS8 -f 9d.pub >9d.ssh
ssh-keygen -y -f key.pem >9a.ssh

say "ssh-keygen -D"
ssh-keygen -D $YKCS11 >keys
grep -qF "$(cut -d' ' -f1,2 9a.ssh)" keys
grep -qF "$(cut -d' ' -f1,2 9d.ssh)" keys
ssh-keygen -D $OPENSC >keys
grep -qF "$(cut -d' ' -f1,2 9a.ssh)" keys

say "ssh-add -s"
printf '#!/bin/sh\necho %s\n' $PIN >askpass
chmod +x askpass
export SSH_ASKPASS=$PWD/askpass SSH_ASKPASS_REQUIRE=force DISPLAY=none
echo "signer $(cat 9a.ssh)" >signers
echo hello >message
for module in $YKCS11 $OPENSC; do
    rm -f message.sig
    ssh-agent sh -euc '
        ssh-add -s "$0" </dev/null
        ssh-add -L
        ssh-keygen -Y sign -f 9a.ssh -n test message
        ssh-add -e "$0"
    ' $module
    ssh-keygen -Y verify -f signers -I signer -n test -s message.sig <message
done
