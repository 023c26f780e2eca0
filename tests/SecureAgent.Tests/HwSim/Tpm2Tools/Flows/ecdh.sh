. "$FLOWS/prelude.sh"
t createprimary -Q -C o -G ecc -c primary.ctx
t create -Q -C primary.ctx -G ecc256:ecdh -u key.pub -r key.priv
t load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
t ecdhkeygen -Q -c key.ctx -u point -o secret
t ecdhzgen -Q -c key.ctx -u point -o again
same secret again
t readpublic -Q -c key.ctx -f pem -o key.pem
