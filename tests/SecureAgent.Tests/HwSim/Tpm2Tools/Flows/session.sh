. "$FLOWS/prelude.sh"
t createprimary -Q -C o -G ecc -c primary.ctx
t createprimary -Q -C o -G rsa -c rsa.ctx
t create -Q -C primary.ctx -G ecc -p pass -u key.pub -r key.priv
t load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
t readpublic -Q -c key.ctx -f pem -o key.pem
t create -Q -C primary.ctx -i message -p pass -u seal.pub -r seal.priv
t load -Q -C primary.ctx -u seal.pub -r seal.priv -c seal.ctx
for parent in primary.ctx rsa.ctx; do
    # Salted, with parameter encryption: the password and the sealed data do not cross the bus.
    tpm2_startauthsession -Q --hmac-session -c "$parent" -S session.ctx
    tpm2_flushcontext -t
    t sessionconfig -Q session.ctx --enable-encrypt --enable-decrypt
    t sign -Q -c key.ctx -p session:session.ctx+pass -g sha256 -f plain -o sig message
    openssl dgst -sha256 -verify key.pem -signature sig message
    t unseal -c seal.ctx -p session:session.ctx+pass -o plain
    same message plain
    t create -Q -C primary.ctx -P session:session.ctx -G ecc -p pass -u other.pub -r other.priv
    fails tpm2_unseal -c seal.ctx -p session:session.ctx+wrong
    tpm2_flushcontext session.ctx
done

# Bound and audited.
tpm2_startauthsession -Q --audit-session -S audit.ctx
t getrandom --hex -S audit.ctx 4 >/dev/null
t getrandom --hex -S audit.ctx 4 >/dev/null
tpm2_flushcontext audit.ctx
