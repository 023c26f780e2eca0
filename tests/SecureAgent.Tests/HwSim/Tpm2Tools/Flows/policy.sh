. "$FLOWS/prelude.sh"
t createprimary -Q -C o -G ecc -c primary.ctx

# seal POLICY PASSWORD: data under a policy alone.
seal() {
    t create -Q -C primary.ctx -i message -L "$1" -p "$2" -a 'fixedtpm|fixedparent' -u seal.pub -r seal.priv
    t load -Q -C primary.ctx -u seal.pub -r seal.priv -c seal.ctx
}

# PolicyPassword.
tpm2_startauthsession -Q -S trial.ctx
t policypassword -Q -S trial.ctx -L password.policy
tpm2_flushcontext trial.ctx
seal password.policy pass
fails tpm2_unseal -c seal.ctx -p pass
tpm2_startauthsession -Q --policy-session -S session.ctx
t policypassword -Q -S session.ctx
fails tpm2_unseal -c seal.ctx -p session:session.ctx+wrong
t unseal -c seal.ctx -p session:session.ctx+pass -o plain
same message plain
tpm2_flushcontext session.ctx

# PolicyAuthValue.
tpm2_startauthsession -Q -S trial.ctx
t policyauthvalue -Q -S trial.ctx -L authvalue.policy
tpm2_flushcontext trial.ctx
same password.policy authvalue.policy
seal authvalue.policy pass
tpm2_startauthsession -Q --policy-session -S session.ctx
t policyauthvalue -Q -S session.ctx
fails tpm2_unseal -c seal.ctx -p session:session.ctx+wrong
t unseal -c seal.ctx -p session:session.ctx+pass -o plain
same message plain
tpm2_flushcontext session.ctx

# PolicyCommandCode.
tpm2_startauthsession -Q -S trial.ctx
t policycommandcode -Q -S trial.ctx -L unseal.policy TPM2_CC_Unseal
tpm2_flushcontext trial.ctx
seal unseal.policy ''
tpm2_startauthsession -Q --policy-session -S session.ctx
t policycommandcode -Q -S session.ctx TPM2_CC_Unseal
t unseal -c seal.ctx -p session:session.ctx -o plain
same message plain
tpm2_flushcontext session.ctx

# PolicySecret of the owner.
t changeauth -Q -c owner ownerpass
tpm2_startauthsession -Q -S trial.ctx
t policysecret -Q -S trial.ctx -c o -L secret.policy ownerpass
tpm2_flushcontext trial.ctx
seal secret.policy ''
tpm2_startauthsession -Q --policy-session -S session.ctx
fails tpm2_policysecret -Q -S session.ctx -c o wrong
t policysecret -Q -S session.ctx -c o ownerpass
t unseal -c seal.ctx -p session:session.ctx -o plain
same message plain
tpm2_flushcontext session.ctx
t changeauth -Q -c owner -p ownerpass

# PolicyPCR or PolicyPassword.
tpm2_startauthsession -Q -S trial.ctx
t policypcr -Q -S trial.ctx -l sha256:16 -L pcr.policy
tpm2_flushcontext trial.ctx
tpm2_startauthsession -Q -S trial.ctx
t policyor -Q -S trial.ctx -L or.policy sha256:pcr.policy,password.policy
tpm2_flushcontext trial.ctx
seal or.policy pass
tpm2_startauthsession -Q --policy-session -S session.ctx
t policypcr -Q -S session.ctx -l sha256:16
t policyor -Q -S session.ctx sha256:pcr.policy,password.policy
t unseal -c seal.ctx -p session:session.ctx -o plain
same message plain
t policyrestart -Q -S session.ctx
t policypassword -Q -S session.ctx
t policyor -Q -S session.ctx sha256:pcr.policy,password.policy
t unseal -c seal.ctx -p session:session.ctx+pass -o plain
same message plain
t policyrestart -Q -S session.ctx
fails tpm2_policyor -Q -S session.ctx sha256:pcr.policy,password.policy
tpm2_flushcontext session.ctx
