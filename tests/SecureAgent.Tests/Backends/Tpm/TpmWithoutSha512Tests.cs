using System.Buffers.Binary;
using SecureAgent.Backends.Tpm;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>Many TPMs have no SHA-512, and ssh asks an RSA key for rsa-sha2-512 first. The Microsoft reference simulator is
/// such a TPM, and answers TPM2_Sign with it TPM_RC_SIZE (parameter 1); the bus does the same here.</summary>
public sealed class TpmWithoutSha512Tests
{
    private const int HeaderBytes = 10;
    private const ushort Sha512 = 0x000D;
    private const ushort Unknown = 0x0FFF;
    private const uint SizeOfParameter1 = 0x1D5;

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Rsa_key_signs_with_sha512_all_the_same_and_warm_by_one_command(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = ConnectWithoutSha512(tpm, out RecordingBus bus);
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Rsa2048, TpmParent.Owner, "1234"u8, []);

        TestKeys.AssertSigns(connection, key, "SHA512", "1234"u8);
        bus.Exchanges.Clear();
        TestKeys.AssertSigns(connection, key, "SHA512", "1234"u8);
        Assert.Equal(["RSA_Decrypt"], bus.Commands);
        bus.Exchanges.Clear();
        TestKeys.AssertSigns(connection, key, "SHA256", "1234"u8);
        Assert.Equal(["Sign"], bus.Commands);
    }

    [Fact]
    public void Rsa_key_with_a_policy_signs_with_sha512_too()
    {
        using TestTpm tpm = TestTpm.Start("simulator");
        using TpmConnection connection = ConnectWithoutSha512(tpm, out _);
        TpmPolicy policy = new(new TpmPcrSelection(TPM_ALG.SHA256, [7]), AuthValue: true);
        TpmKeyBlobs key = connection.Create(
            TpmKeyTemplate.Rsa2048, TpmParent.Owner, "1234"u8, TestKeys.PolicyDigest(connection, policy));

        TestKeys.AssertSigns(connection, key, "SHA512", "1234"u8, policy);
        TestKeys.AssertSigns(connection, key, "SHA512", "1234"u8, policy);
    }

    [Fact]
    public void Key_that_may_only_sign_is_refused_with_the_cure()
    {
        using TestTpm tpm = TestTpm.Start("simulator");
        TpmKeyBlobs key;
        using (TpmConnection whole = tpm.Connect())
        {
            key = whole.Create(TpmKeyTemplate.Rsa2048, TpmParent.Owner, [], []);
        }

        using TpmConnection connection = ConnectWithoutSha512(tpm, out _);
        BackendException refusal = Assert.ThrowsAny<BackendException>(
            () => TestKeys.AssertSigns(connection, key, "SHA512", []));
        Assert.Contains("rsa-sha2-256", refusal.Message);
        TestKeys.AssertSigns(connection, key, "SHA256", []);
    }

    private static TpmConnection ConnectWithoutSha512(TestTpm tpm, out RecordingBus bus)
    {
        TpmConnection connection = tpm.Connect(out bus);
        bus.After = (command, response) =>
        {
            // TPMS_CAPABILITY_DATA after moreData: capability, count, then TPMS_ALG_PROPERTY of 6 bytes each.
            if (RecordingBus.Code(command) == TPM_CC.GetCapability
                && BinaryPrimitives.ReadUInt32BigEndian(command.AsSpan(HeaderBytes)) == 0)
            {
                for (int at = HeaderBytes + 9; at < response.Length; at += 6)
                {
                    if (BinaryPrimitives.ReadUInt16BigEndian(response.AsSpan(at)) == Sha512)
                    {
                        BinaryPrimitives.WriteUInt16BigEndian(response.AsSpan(at), Unknown);
                    }
                }
            }

            return response;
        };
        bus.Before = command => RecordingBus.Code(command) == TPM_CC.Sign && Contains(command, [0x00, 0x14, 0x00, 0x0D])
            ? RecordingBus.Refusal(SizeOfParameter1)
            : null;
        return connection;
    }

    private static bool Contains(ReadOnlySpan<byte> command, ReadOnlySpan<byte> scheme) => command.IndexOf(scheme) >= 0;
}
