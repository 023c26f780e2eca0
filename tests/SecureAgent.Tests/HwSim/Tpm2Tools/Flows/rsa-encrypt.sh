. "$FLOWS/prelude.sh"
t createprimary -Q -C o -G ecc -c primary.ctx
t create -Q -C primary.ctx -G rsa2048 -u key.pub -r key.priv
t load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
t readpublic -Q -c key.ctx -f pem -o key.pem
for scheme in rsaes oaep; do
    t rsaencrypt -Q -c key.ctx -s "$scheme" -o cipher message
    t rsadecrypt -Q -c key.ctx -s "$scheme" -o plain cipher
    same message plain
done
openssl pkeyutl -encrypt -pubin -inkey key.pem -in message -out cipher
t rsadecrypt -Q -c key.ctx -s rsaes -o plain cipher
same message plain
fails tpm2_rsadecrypt -Q -c key.ctx -s oaep cipher
