. "$FLOWS/prelude.sh"
t createprimary -Q -C e -G ecc -c primary.ctx
t create -Q -C primary.ctx -G ecc256:ecdsa-sha256:null -u ak.pub -r ak.priv \
    -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign'
t load -Q -C primary.ctx -u ak.pub -r ak.priv -c ak.ctx
t readpublic -Q -c ak.ctx -f pem -o ak.pem
t create -Q -C primary.ctx -G ecc -p pass -u key.pub -r key.priv --creation-data creation.data \
    -t creation.ticket -d creation.hash
t load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx -n key.name
tpm2_certify -Q -c key.ctx -P pass -C ak.ctx -g sha256 -f plain -o attest -s attest.sig
tpm2_flushcontext -t
openssl dgst -sha256 -verify ak.pem -signature attest.sig attest
# magic and TPM_ST_ATTEST_CERTIFY, and further down the key's Name.
test "$(od -An -tx1 -v -N6 attest | tr -d ' \n')" = ff5443478017
od -An -tx1 -v attest | tr -d ' \n' | grep -q "$(od -An -tx1 -v key.name | tr -d ' \n')"

t certifycreation -Q -C ak.ctx -c key.ctx -g sha256 -f plain -d creation.hash -t creation.ticket -o creation.sig \
    --attestation creation.attest
openssl dgst -sha256 -verify ak.pem -signature creation.sig creation.attest
fails tpm2_certifycreation -Q -C ak.ctx -c ak.ctx -g sha256 -f plain -d creation.hash -t creation.ticket \
    -o creation.sig --attestation creation.attest
