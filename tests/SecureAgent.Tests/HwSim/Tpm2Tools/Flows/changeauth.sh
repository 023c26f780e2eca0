. "$FLOWS/prelude.sh"
t createprimary -Q -C o -G ecc -c primary.ctx
t create -Q -C primary.ctx -G ecc -p old -u key.pub -r key.priv
t load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
t changeauth -Q -C primary.ctx -c key.ctx -p old -r new.priv new
t load -Q -C primary.ctx -u key.pub -r new.priv -c key.ctx
t sign -Q -c key.ctx -p new -g sha256 -o sig message
fails tpm2_sign -Q -c key.ctx -p old -g sha256 -o sig message

t changeauth -Q -c owner ownerpass
fails tpm2_createprimary -Q -C o -G ecc -c primary.ctx
t createprimary -Q -C o -P ownerpass -G ecc -c primary.ctx
t changeauth -Q -c owner -p ownerpass
t createprimary -Q -C o -G ecc -c primary.ctx
t changeauth -Q -c endorsement endorsed
t changeauth -Q -c endorsement -p endorsed
t nvdefine -Q 0x1500017 -C o -s 4 -a 'authread|authwrite|ownerread' -p old
fails tpm2_changeauth -Q -c 0x1500017 -p old new
