. "$FLOWS/prelude.sh"
t createprimary -Q -C o -G ecc -c primary.ctx
t create -Q -C primary.ctx -G ecc256:aes128cfb -u parent.pub -r parent.priv \
    -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt'
t load -Q -C primary.ctx -u parent.pub -r parent.priv -c parent.ctx
tpm2_startauthsession -Q -S trial.ctx
t policycommandcode -Q -S trial.ctx -L policy TPM2_CC_Duplicate
tpm2_flushcontext trial.ctx
t create -Q -C primary.ctx -G ecc -p pass -L policy -u key.pub -r key.priv -a 'sensitivedataorigin|userwithauth|sign'
t load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
t readpublic -Q -c key.ctx -f pem -o key.pem
for wrapper in null aes; do
    tpm2_startauthsession -Q --policy-session -S session.ctx
    t policycommandcode -Q -S session.ctx TPM2_CC_Duplicate
    if test "$wrapper" = null; then
        t duplicate -Q -C parent.ctx -c key.ctx -G null -p session:session.ctx -r dup.priv -s dup.seed
        tpm2_flushcontext session.ctx
        t import -Q -C parent.ctx -u key.pub -i dup.priv -r new.priv -s dup.seed
    else
        head -c 16 /dev/urandom >inner
        t duplicate -Q -C parent.ctx -c key.ctx -G aes -i inner -p session:session.ctx -r dup.priv -s dup.seed
        tpm2_flushcontext session.ctx
        t import -Q -C parent.ctx -k inner -u key.pub -i dup.priv -r new.priv -s dup.seed
    fi
    t load -Q -C parent.ctx -u key.pub -r new.priv -c new.ctx
    t sign -Q -c new.ctx -p pass -g sha256 -f plain -o sig message
    openssl dgst -sha256 -verify key.pem -signature sig message
done
