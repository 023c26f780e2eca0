. "$FLOWS/prelude.sh"
t createprimary -Q -C o -G ecc -c primary.ctx
t evictcontrol -Q -C o -c primary.ctx 0x81000001
t changeauth -Q -c owner ownerpass
t changeauth -Q -c lockout lockpass
t clear -Q -c l lockpass
t createprimary -Q -C o -G ecc -c primary.ctx
fails tpm2_readpublic -Q -c 0x81000001
t clearcontrol -Q -C l s
fails tpm2_clear -Q
t clearcontrol -Q -C p c
t clear -Q -c p
