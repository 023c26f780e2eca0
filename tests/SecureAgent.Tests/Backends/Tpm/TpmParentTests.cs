using System.Security.Cryptography;
using SecureAgent.Backends.Tpm;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

public sealed class TpmParentTests
{
    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Every_hierarchy_and_template_can_be_a_parent(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect();
        foreach (TpmParent parent in (TpmParent[])
            [
                TpmParent.Owner, new(TpmParent.OwnerHandle, Rsa: true), new(TpmParent.EndorsementHandle),
                new(TpmParent.PlatformHandle), new(TpmParent.NullHandle),
            ])
        {
            TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, parent, "1234"u8, []);
            TestKeys.AssertSigns(connection, key, "SHA256", "1234"u8, parent: parent);
            using ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            TestKeys.AssertSigns(
                connection, connection.Import(ecdsa.ExportParameters(true), parent, [], []), "SHA256", [],
                parent: parent);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Session_salted_to_either_kind_of_storage_key_hides_the_PIN(bool rsa)
    {
        using TestTpm tpm = TestTpm.Start("swtpm");
        using TpmConnection connection = tpm.Connect(out RecordingBus bus);
        byte[] pin = RandomNumberGenerator.GetBytes(32);
        TpmParent parent = new(TpmParent.OwnerHandle, rsa);
        Assert.Equal(rsa ? TPM_ALG.RSA : TPM_ALG.ECC, connection.ReadParent(parent).Type);
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, parent, pin, []);
        TestKeys.AssertSigns(connection, key, "SHA256", pin, parent: parent);
        Assert.True(bus.Bytes.AsSpan().IndexOf(pin.AsSpan(0, 8)) < 0);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Persistent_storage_key_can_be_a_parent(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        uint primary = TestKeys.TakeSlots(tpm, 1)[0];

        // TPM2_EvictControl (Part 3, 28.5): owner, object, empty password, persistent handle; then TPM2_FlushContext.
        TestKeys.Run(tpm, $"8002 00000023 00000120 40000001 {primary:X8} 00000009 40000009 0000 01 0000 81000001");
        TestKeys.Run(tpm, $"8001 0000000E 00000165 {primary:X8}");
        TpmParent parent = new(0x8100_0001);
        using (TpmConnection connection = tpm.Connect())
        {
            TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, parent, "1234"u8, []);
            TestKeys.AssertSigns(connection, key, "SHA256", "1234"u8, parent: parent);
            Assert.Equal(connection.ReadParent(TpmParent.Owner).Name, connection.ReadParent(parent).Name);

            TpmException error = Assert.Throws<TpmException>(() => connection.ReadParent(new TpmParent(0x8100_0002)));
            Assert.Contains("no storage key at the persistent handle", error.Message, StringComparison.Ordinal);
        }

        Assert.Empty(TestKeys.LoadedHandles(tpm));
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Owner_password_is_asked_for_and_proved_without_crossing_the_bus(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        byte[] password = "owner password 1"u8.ToArray();

        // TPM2_HierarchyChangeAuth (Part 3, 24.8)
        TestKeys.Run(tpm,
            "8002 0000002D 00000129 40000001 00000009 40000009 0000 01 0000 0010" + Convert.ToHexString(password));
        using (TpmConnection connection = tpm.Connect(out RecordingBus bus))
        {
            foreach (string? wrong in (string?[])[null, "owner password 2"])
            {
                connection.SetParentAuth(
                    TpmParent.OwnerHandle,
                    wrong is null ? null : TestMemory.Of(System.Text.Encoding.ASCII.GetBytes(wrong)));
                TpmException error = Assert.Throws<TpmException>(
                    () => connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, [], []));
                Assert.Equal(BackendFailure.PinRequired, error.Failure);
                Assert.Equal(TpmAuthSubject.Parent, error.Subject);
            }

            connection.SetParentAuth(TpmParent.OwnerHandle, TestMemory.Of(password));
            TestKeys.AssertWorks(connection);
            Assert.True(bus.Bytes.AsSpan().IndexOf(password) < 0);
        }

        Assert.Empty(TestKeys.LoadedHandles(tpm));
    }

    [Fact]
    public void Parent_that_is_no_parent_is_refused()
    {
        using TestTpm tpm = TestTpm.Start("swtpm");
        using TpmConnection connection = tpm.Connect();
        TpmException error = Assert.Throws<TpmException>(() => connection.ReadParent(new TpmParent(0x8000_0000)));
        Assert.Contains("0x80000000", error.Message, StringComparison.Ordinal);
    }
}
