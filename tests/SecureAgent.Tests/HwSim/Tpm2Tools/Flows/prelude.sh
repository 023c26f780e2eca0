# Read by every flow. TPM2TOOLS_TCTI names the TPM; the working directory is empty and the flow's own.
set -eu

# One tpm2-tools command. There is no resource manager: what it leaves in the TPM's object slots is flushed.
t() {
    name=$1
    shift
    "tpm2_$name" "$@"
    tpm2_flushcontext -t >/dev/null
}

# A command that must fail.
fails() {
    if "$@" >refused.out 2>refused.err; then
        echo "should have failed: $*" >&2
        exit 1
    fi
    tpm2_flushcontext -t >/dev/null
}

# A command whose refusal must carry this response code.
refused() {
    code=$1
    shift
    fails "$@"
    grep -qi "$code" refused.err || { cat refused.err >&2; echo "not refused with $code: $*" >&2; exit 1; }
}

# Two files with the same bytes.
same() {
    cmp "$1" "$2" >&2
}

printf 'the message' >message
