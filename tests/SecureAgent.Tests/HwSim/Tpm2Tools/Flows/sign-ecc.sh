. "$FLOWS/prelude.sh"
t createprimary -Q -C o -G ecc -c primary.ctx
for pair in ecc256:sha256 ecc384:sha384 ecc521:sha512; do
    curve=${pair%:*}
    hash=${pair#*:}
    t create -Q -C primary.ctx -G "$curve" -u key.pub -r key.priv
    t load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
    t readpublic -Q -c key.ctx -f pem -o key.pem
    t sign -Q -c key.ctx -g "$hash" -f plain -o plain.sig message
    openssl dgst "-$hash" -verify key.pem -signature plain.sig message
    t sign -Q -c key.ctx -g "$hash" -o tpm.sig message
    t verifysignature -Q -c key.ctx -g "$hash" -m message -s tpm.sig -t ticket
    printf 'another message' >other
    fails tpm2_verifysignature -Q -c key.ctx -g "$hash" -m other -s tpm.sig
done
