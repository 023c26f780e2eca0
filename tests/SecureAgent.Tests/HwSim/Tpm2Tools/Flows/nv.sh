. "$FLOWS/prelude.sh"
index=0x1500016
t nvdefine -Q "$index" -C o -s 32 -a 'ownerread|ownerwrite|authread|authwrite' -p pass
printf 'thirty-two octets of public data' >data
t nvwrite -Q "$index" -C "$index" -P pass -i data
t nvread "$index" -C "$index" -P pass -s 32 -o read
same data read
t nvread "$index" -C o -s 6 --offset 7 -o read
printf 'two oc' | cmp - read
fails tpm2_nvread "$index" -C "$index" -P wrong -s 32
t nvreadpublic "$index" >public
grep -q 'size: 32' public
t getcap handles-nv-index | grep -qi 1500016
t nvundefine -Q "$index" -C o
fails tpm2_nvread "$index" -C o -s 32

t nvdefine -Q "$index" -C o -a 'ownerread|ownerwrite|nt=counter'
t nvincrement -Q "$index" -C o
t nvread "$index" -C o -o first
t nvincrement -Q "$index" -C o
t nvread "$index" -C o -o second
test "$(od -An -tu1 -j7 second)" -eq "$(($(od -An -tu1 -j7 first) + 1))"
t nvundefine -Q "$index" -C o

t nvdefine -Q "$index" -C o -a 'ownerread|ownerwrite|nt=bits'
t nvsetbits -Q "$index" -C o -i 0x8000000000000001
t nvread "$index" -C o -o bits
printf '\200\000\000\000\000\000\000\001' | cmp - bits
t nvundefine -Q "$index" -C o

t nvdefine -Q "$index" -C o -a 'ownerread|ownerwrite|nt=extend'
t nvextend -Q "$index" -C o -i data
t nvread "$index" -C o -o extended
{ head -c 32 /dev/zero; cat data; } | openssl dgst -sha256 -binary | cmp - extended
t nvundefine -Q "$index" -C o

t nvdefine -Q "$index" -C o -s 4 -a 'ownerread|ownerwrite|write_stclear|read_stclear'
printf 'lock' >data
t nvwrite -Q "$index" -C o -i data
t nvwritelock -Q "$index" -C o
fails tpm2_nvwrite -Q "$index" -C o -i data
t nvreadlock -Q "$index" -C o
fails tpm2_nvread "$index" -C o -s 4
t nvundefine -Q "$index" -C o

tpm2_startauthsession -Q -S trial.ctx
t policypcr -Q -S trial.ctx -l sha256:16 -L policy
tpm2_flushcontext trial.ctx
t nvdefine -Q "$index" -C o -s 4 -L policy -a 'policyread|policywrite'
t nvwrite -Q "$index" -C "$index" -P pcr:sha256:16 -i data
t nvread "$index" -C "$index" -P pcr:sha256:16 -s 4 -o read
same data read
