. "$FLOWS/prelude.sh"
t createprimary -Q -C o -G rsa -c primary.ctx
t create -Q -C primary.ctx -G rsa2048 -u key.pub -r key.priv -p pass
t load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
t readpublic -Q -c key.ctx -f pem -o key.pem
for hash in sha1 sha256 sha384 sha512; do
    t sign -Q -c key.ctx -p pass -g "$hash" -s rsassa -f plain -o plain.sig message
    openssl dgst "-$hash" -verify key.pem -signature plain.sig message
done
t sign -Q -c key.ctx -p pass -g sha256 -s rsapss -f plain -o pss.sig message
openssl dgst -sha256 -verify key.pem -sigopt rsa_padding_mode:pss -signature pss.sig message
t sign -Q -c key.ctx -p pass -g sha256 -s rsassa -o tpm.sig message
t verifysignature -Q -c key.ctx -g sha256 -m message -s tpm.sig
fails tpm2_sign -Q -c key.ctx -p wrong -g sha256 -s rsassa -f plain -o plain.sig message
