. "$FLOWS/prelude.sh"
t createprimary -Q -C o -G ecc -c primary.ctx
openssl ecparam -name prime256v1 -genkey -noout -out ecc.pem
openssl ec -in ecc.pem -pubout -out ecc.pub.pem
t import -Q -C primary.ctx -G ecc -i ecc.pem -u ecc.pub -r ecc.priv -p pass
t load -Q -C primary.ctx -u ecc.pub -r ecc.priv -c ecc.ctx
t sign -Q -c ecc.ctx -p pass -g sha256 -f plain -o ecc.sig message
openssl dgst -sha256 -verify ecc.pub.pem -signature ecc.sig message

openssl genrsa -out rsa.pem 2048
openssl rsa -in rsa.pem -pubout -out rsa.pub.pem
t import -Q -C primary.ctx -G rsa -i rsa.pem -u rsa.pub -r rsa.priv
t load -Q -C primary.ctx -u rsa.pub -r rsa.priv -c rsa.ctx
t sign -Q -c rsa.ctx -g sha256 -f plain -o rsa.sig message
openssl dgst -sha256 -verify rsa.pub.pem -signature rsa.sig message
printf 'sealed to the key' | openssl pkeyutl -encrypt -pubin -inkey rsa.pub.pem -out cipher
t rsadecrypt -Q -c rsa.ctx -s rsaes -o plain cipher
printf 'sealed to the key' | cmp - plain

# Under an RSA parent the seed travels by OAEP.
t createprimary -Q -C o -G rsa -c primary.ctx
t import -Q -C primary.ctx -G ecc -i ecc.pem -u ecc.pub -r ecc.priv
t load -Q -C primary.ctx -u ecc.pub -r ecc.priv -c ecc.ctx
t sign -Q -c ecc.ctx -g sha256 -f plain -o ecc.sig message
openssl dgst -sha256 -verify ecc.pub.pem -signature ecc.sig message
