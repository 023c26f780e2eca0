using SecureAgent.HwSim.Tpm;

namespace SecureAgent.Tests.HwSim.Tpm;

public sealed class KeyDerivationTests
{
    public static TheoryData<int> Transcripts => [.. Enumerable.Range(0, Groups.Count)];

    private static IReadOnlyList<Dictionary<string, string>> Groups { get; } =
        VectorFile.Groups("session-transcripts.txt", "transcript");

    [Theory]
    [MemberData(nameof(Transcripts))]
    public void Salt_is_derived_from_ecdh_as_swtpm_derives_it(int index)
    {
        byte[] salt = Kdf.Kdfe(
            TPM_ALG_ID.TPM_ALG_SHA256, Value(index, "ecdhZ"), "SECRET", Value(index, "partyU"), Value(index, "partyV"), 256);
        Assert.Equal(Value(index, "salt"), salt);
    }

    [Theory]
    [MemberData(nameof(Transcripts))]
    public void Session_key_verifies_the_response_of_swtpm_and_decrypts_it(int index)
    {
        TPM_ALG_ID hash = (TPM_ALG_ID)Convert.ToUInt16(Groups[index]["authHash"], 16);
        byte[] sessionKey = Kdf.Kdfa(
            hash, [.. Value(index, "bindAuth"), .. Value(index, "salt")], "ATH", Value(index, "startNonceTpm"),
            Value(index, "startNonceCaller"), Hash.Size(hash) * 8);
        Reply reply = new(Value(index, "response"), hasHandle: false);
        int size = Hash.Size(hash);
        byte[] nonceTpm = reply.Sessions[2..(2 + size)];
        byte attributes = reply.Sessions[2 + size];
        byte[] rpHash = Hash.Digest(hash, [0, 0, 0, 0, 0, 0, 0x01, 0x5E], reply.Parameters);
        byte[] hmac = Hash.Hmac(hash, sessionKey, rpHash, nonceTpm, Value(index, "nonceCaller"), [attributes]);
        Assert.Equal(reply.Sessions[(5 + size)..], hmac);

        TpmSession session = new()
        {
            Handle = 0x02000000,
            Type = TPM_SE.TPM_SE_HMAC,
            AuthHash = hash,
            Symmetric = SymmetricOf(Groups[index]["transcript"], hash),
            NonceTpm = nonceTpm,
        };
        byte[] parameter = reply.Parameters[2..];
        ParameterEncryption.Decrypt(
            session, [.. sessionKey, .. Value(index, "bindAuth")], nonceTpm, Value(index, "nonceCaller"), parameter);
        Assert.Equal(Value(index, "parameter"), parameter);
    }

    [Fact]
    public void Bits_that_were_not_asked_for_are_zero()
    {
        byte[] all = Kdf.Kdfa(TPM_ALG_ID.TPM_ALG_SHA256, [1], "LABEL", [], [], 16);
        byte[] less = Kdf.Kdfa(TPM_ALG_ID.TPM_ALG_SHA256, [1], "LABEL", [], [], 9);
        Assert.Equal(2, all.Length);
        Assert.Equal(2, less.Length);
        Assert.Equal(0, less[0] & 0xFE);
    }

    private static SymDef SymmetricOf(string name, TPM_ALG_ID hash) => name switch
    {
        "xor" => new SymDef(TPM_ALG_ID.TPM_ALG_XOR, (ushort)hash, TPM_ALG_ID.TPM_ALG_NULL),
        "cfb128" => new SymDef(TPM_ALG_ID.TPM_ALG_AES, 128, TPM_ALG_ID.TPM_ALG_CFB),
        _ => new SymDef(TPM_ALG_ID.TPM_ALG_AES, 256, TPM_ALG_ID.TPM_ALG_CFB),
    };

    private static byte[] Value(int index, string name) => Convert.FromHexString(Groups[index][name]);
}
