. "$FLOWS/prelude.sh"
t dictionarylockout -Q --setup-parameters --max-tries=4 --recovery-time=1000 --lockout-recovery-time=1000
t getcap properties-variable | grep -A0 TPM2_PT_MAX_AUTH_FAIL | grep -qi 0x4
t createprimary -Q -C o -G ecc -c primary.ctx
t create -Q -C primary.ctx -G ecc -p pass -u key.pub -r key.priv
t load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
t sign -Q -c key.ctx -p pass -g sha256 -o sig message
for try in 1 2 3 4; do
    refused 0x98e tpm2_sign -Q -c key.ctx -p wrong -g sha256 -o sig message
done
refused 0x921 tpm2_sign -Q -c key.ctx -p pass -g sha256 -o sig message
t getcap properties-variable | grep -q 'inLockout: *1'
t dictionarylockout -Q --clear-lockout
t sign -Q -c key.ctx -p pass -g sha256 -o sig message
t changeauth -Q -c lockout secret
fails tpm2_dictionarylockout -Q --clear-lockout -p wrong
fails tpm2_dictionarylockout -Q --clear-lockout -p secret
