. "$FLOWS/prelude.sh"
openssl ecparam -name prime256v1 -genkey -noout -out ecc.pem
openssl ec -in ecc.pem -pubout -out ecc.pub.pem
openssl dgst -sha256 -sign ecc.pem -out ecc.sig message
t loadexternal -Q -C n -G ecc -u ecc.pub.pem -c ecc.ctx
t verifysignature -Q -c ecc.ctx -g sha256 -m message -s ecc.sig -f ecdsa
openssl genrsa -out rsa.pem 2048
openssl rsa -in rsa.pem -pubout -out rsa.pub.pem
openssl dgst -sha256 -sign rsa.pem -out rsa.sig message
t loadexternal -Q -C o -G rsa -u rsa.pub.pem -c rsa.ctx
t verifysignature -Q -c rsa.ctx -g sha256 -m message -s rsa.sig -f rsassa -t ticket
printf 'x' >>message
fails tpm2_verifysignature -Q -c rsa.ctx -g sha256 -m message -s rsa.sig -f rsassa
t loadexternal -Q -C n -G ecc -r ecc.pem -c pair.ctx
t sign -Q -c pair.ctx -g sha256 -f plain -o pair.sig message
openssl dgst -sha256 -verify ecc.pub.pem -signature pair.sig message
