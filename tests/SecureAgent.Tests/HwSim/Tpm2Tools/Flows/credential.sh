. "$FLOWS/prelude.sh"
for ek in rsa ecc; do
    t createek -Q -c ek.ctx -G "$ek" -u ek.pub
    t createak -Q -C ek.ctx -c ak.ctx -G ecc -g sha256 -s ecdsa -u ak.pub -n ak.name
    t readpublic -Q -c ek.ctx -o ek.tss
    t readpublic -Q -c ek.ctx -f pem -o ek.pem
    t makecredential -Q -e ek.tss -s message -n "$(od -An -tx1 -v ak.name | tr -d ' \n')" -o credential
    # Without a TPM, tpm2-tools makes the credential by itself.
    tpm2_makecredential -Q -T none -u ek.pem -G "$ek" -s message -n "$(od -An -tx1 -v ak.name | tr -d ' \n')" -o outside
    for blob in credential outside; do
        tpm2_startauthsession -Q --policy-session -S session.ctx
        t policysecret -Q -S session.ctx -c e
        t activatecredential -Q -c ak.ctx -C ek.ctx -i "$blob" -o plain -P session:session.ctx
        tpm2_flushcontext session.ctx
        same message plain
    done
done
