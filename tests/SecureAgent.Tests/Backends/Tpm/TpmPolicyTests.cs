using System.Security.Cryptography;
using SecureAgent.Backends.Tpm;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

public sealed class TpmPolicyTests
{
    private static readonly byte[] Digest = SHA256.HashData("x"u8);
    private static readonly TpmSignatureScheme Ecdsa = TpmSignatureScheme.Ecdsa(HashAlgorithmName.SHA256);

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Key_with_PCRs_signs_until_one_of_them_changes(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        TpmPolicy policy = new(new TpmPcrSelection(TPM_ALG.SHA256, [0, 7, 16, 1, 2, 3, 4, 5, 6, 23]), AuthValue: false);
        TpmKeyBlobs key;
        using (TpmConnection connection = tpm.Connect(out RecordingBus bus))
        {
            key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, [],
                TestKeys.PolicyDigest(connection, policy));
            TestKeys.AssertSigns(connection, key, "SHA256", [], policy);
            bus.Forget();
            TestKeys.AssertSigns(connection, key, "SHA256", [], policy);
            Assert.Equal(["StartAuthSession", "PolicyPCR", "Sign"], bus.Commands);

            // Without the policy the key does not work, PIN or no PIN.
            Assert.Throws<TpmException>(() => connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, [], null));
        }

        Extend(tpm, 16);
        using (TpmConnection connection = tpm.Connect())
        {
            for (int i = 0; i < 70; i++)
            {
                TpmException error = Assert.Throws<TpmException>(
                    () => connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, [], policy));
                Assert.Contains("PCRs have other values", error.Message, StringComparison.Ordinal);
            }
        }

        Assert.Empty(TestKeys.LoadedHandles(tpm));
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Key_with_PCRs_and_PIN_needs_both(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect(out RecordingBus bus);
        TpmPolicy policy = new(new TpmPcrSelection(TPM_ALG.SHA256, [16]), AuthValue: true);
        byte[] digest = TestKeys.PolicyDigest(connection, policy);
        byte[] pin = RandomNumberGenerator.GetBytes(16);
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, pin, digest);
        TestKeys.AssertSigns(connection, key, "SHA256", pin, policy);
        TpmException error = Assert.Throws<TpmException>(
            () => connection.Sign(key, TpmParent.Owner, Ecdsa, Digest, "other"u8, policy));
        Assert.Equal(BackendFailure.PinRequired, error.Failure);

        TpmKeyBlobs box = connection.Seal([1, 2, 3], TpmParent.Owner, pin, digest);
        using Secret secret = connection.Unseal(box, TpmParent.Owner, pin, policy);
        Assert.Equal([1, 2, 3], secret.Span.ToArray());

        TpmKeyBlobs changed = connection.ChangeAuth(key, TpmParent.Owner, pin, "5678"u8);
        TestKeys.AssertSigns(connection, changed, "SHA256", "5678"u8, policy);
        Assert.True(bus.Bytes.AsSpan().IndexOf(pin.AsSpan(0, 8)) < 0);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Imported_key_can_be_bound_to_PCRs(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect();
        TpmPolicy policy = new(new TpmPcrSelection(TPM_ALG.SHA256, [16]), AuthValue: false);
        using ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        TpmKeyBlobs key = connection.Import(
            ecdsa.ExportParameters(true), TpmParent.Owner, [], TestKeys.PolicyDigest(connection, policy));
        TestKeys.AssertSigns(connection, key, "SHA384", [], policy);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Policy_digest_is_the_one_a_trial_session_of_the_TPM_computes(bool authValue)
    {
        using TestTpm tpm = TestTpm.Start("swtpm");
        Extend(tpm, 16);
        TpmPolicy policy = new(new TpmPcrSelection(TPM_ALG.SHA256, [0, 16, 23]), authValue);
        byte[] computed;
        using (TpmConnection connection = tpm.Connect())
        {
            computed = TestKeys.PolicyDigest(connection, policy);
        }

        using ITpmDevice device = TestKeys.OpenStarted(tpm);
        byte[] session = TestKeys.Run(device,
            "8001 0000003B 00000176 40000007 40000007 0020" + new string('5', 64) + "0000 03 0010 000B")[10..14];
        TestKeys.Run(device, "8001 0000001A 0000017F" + Convert.ToHexString(session) + "0000 00000001 000B 03 010081");
        if (authValue)
        {
            TestKeys.Run(device, "8001 0000000E 0000016B" + Convert.ToHexString(session));
        }

        byte[] answer = TestKeys.Run(device, "8001 0000000E 00000189" + Convert.ToHexString(session));
        Assert.Equal(Convert.ToHexString(answer.AsSpan(12)), Convert.ToHexString(computed));
    }

    [Fact]
    public void Bank_that_the_TPM_lacks_is_reported()
    {
        using TestTpm tpm = TestTpm.Start("swtpm");
        using TpmConnection connection = tpm.Connect();
        TpmPolicy policy = new(new TpmPcrSelection((TPM_ALG)0x0012, [0]), AuthValue: false);
        Assert.Throws<TpmException>(() => TestKeys.PolicyDigest(connection, policy));
        TestKeys.AssertWorks(connection);
    }

    // TPM2_PCR_Extend (Part 3, 22.2) of 32 bytes of 0x11 with the PCR's empty password.
    private static void Extend(TestTpm tpm, int pcr)
    {
        TestKeys.Run(tpm,
            $"8002 00000041 00000182 {pcr:X8} 00000009 40000009 0000 01 0000 00000001 000B" + new string('1', 64));
    }
}
