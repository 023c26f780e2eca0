. "$FLOWS/prelude.sh"
t createprimary -Q -C o -G ecc -c primary.ctx
t create -Q -C primary.ctx -i message -u seal.pub -r seal.priv
t load -Q -C primary.ctx -u seal.pub -r seal.priv -c seal.ctx
t unseal -c seal.ctx -o plain
same message plain

t create -Q -C primary.ctx -i message -p pass -u seal.pub -r seal.priv
t load -Q -C primary.ctx -u seal.pub -r seal.priv -c seal.ctx
t unseal -c seal.ctx -p pass -o plain
same message plain
fails tpm2_unseal -c seal.ctx -p wrong
fails tpm2_unseal -c seal.ctx

t pcrreset 16
tpm2_startauthsession -Q -S trial.ctx
t policypcr -Q -S trial.ctx -l sha256:0,16 -L pcr.policy
tpm2_flushcontext trial.ctx
t create -Q -C primary.ctx -i message -L pcr.policy -u seal.pub -r seal.priv
t load -Q -C primary.ctx -u seal.pub -r seal.priv -c seal.ctx
t unseal -c seal.ctx -p pcr:sha256:0,16 -o plain
same message plain
t pcrextend 16:sha256=0000000000000000000000000000000000000000000000000000000000000001
fails tpm2_unseal -c seal.ctx -p pcr:sha256:0,16
t pcrreset 16
t unseal -c seal.ctx -p pcr:sha256:0,16 -o plain
same message plain
