. "$FLOWS/prelude.sh"
t pcrread sha256:16 -o zero
head -c 32 /dev/zero | cmp - zero
openssl dgst -sha256 -binary message >digest
openssl dgst -sha1 -binary message >digest1
t pcrextend "16:sha256=$(od -An -tx1 -v digest | tr -d ' \n'),sha1=$(od -An -tx1 -v digest1 | tr -d ' \n')"
t pcrread sha256:16 -o extended
{ head -c 32 /dev/zero; cat digest; } | openssl dgst -sha256 -binary | cmp - extended
t pcrreset 16
t pcrread sha256:16 -o zero
head -c 32 /dev/zero | cmp - zero
t pcrevent 16 message >event
grep -q "sha256: $(od -An -tx1 -v digest | tr -d ' \n')" event
t pcrread sha256:16 -o again
same extended again
t pcrread sha1:16 -o event1
{ head -c 20 /dev/zero; cat digest1; } | openssl dgst -sha1 -binary | cmp - event1
refused 0x907 tpm2_pcrreset 0
# More than one TPM2B: an event sequence.
head -c 5000 /dev/zero >big
t pcrreset 23
t pcrevent 23 big >/dev/null
t pcrread sha256:23 -o value
{ head -c 32 /dev/zero; openssl dgst -sha256 -binary big; } | openssl dgst -sha256 -binary | cmp - value
t pcrread >/dev/null
