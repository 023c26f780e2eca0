. "$FLOWS/prelude.sh"
t readclock >clock
grep -q 'reset_count' clock
t setclock 86400000
t readclock | grep -q 'clock: 864'
t createprimary -Q -C e -G ecc -c primary.ctx
t create -Q -C primary.ctx -G ecc256:ecdsa-sha256:null -u ak.pub -r ak.priv \
    -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign'
t load -Q -C primary.ctx -u ak.pub -r ak.priv -c ak.ctx
t readpublic -Q -c ak.ctx -f pem -o ak.pem
t gettime -Q -c ak.ctx -g sha256 -f plain -o sig --attestation attest -q cafe01
openssl dgst -sha256 -verify ak.pem -signature sig attest
t selftest --fulltest
t gettestresult >/dev/null
t testparms rsa2048
t testparms ecc256:ecdsa
fails tpm2_testparms rsa2049
