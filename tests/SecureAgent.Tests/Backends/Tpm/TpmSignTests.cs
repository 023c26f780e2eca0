using System.Security.Cryptography;
using SecureAgent.Backends.Tpm;

namespace SecureAgent.Tests.Backends.Tpm;

public sealed class TpmSignTests
{
    public static TheoryData<string, string, string> Signatures
    {
        get
        {
            TheoryData<string, string, string> data = [];
            foreach (string tpm in TestTpm.Kinds.Select(row => row.Data))
            {
                data.Add(tpm, "ecdsa-256", "SHA256");
                data.Add(tpm, "ecdsa-384", "SHA384");
                data.Add(tpm, "ecdsa-521", "SHA512");
                data.Add(tpm, "rsa-2048", "SHA256");
                data.Add(tpm, "rsa-2048", "SHA512");
                data.Add(tpm, "rsa-3072", "SHA512");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Signatures))]
    public void Key_made_in_the_TPM_signs(string kind, string type, string hash)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect();
        TpmKeyBlobs key = connection.Create(TestKeys.Template(type), TpmParent.Owner, [], []);

        TestKeys.AssertSigns(connection, key, hash, []);
        Assert.Equal(
            TPMA_OBJECT.fixedTPM | TPMA_OBJECT.fixedParent | TPMA_OBJECT.sensitiveDataOrigin | TPMA_OBJECT.userWithAuth
            | TPMA_OBJECT.noDA | TPMA_OBJECT.sign,
            key.Public.Attributes);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Key_with_a_PIN_signs_with_it_right_after_a_boot(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect();
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, "1234"u8, []);

        TestKeys.AssertSigns(connection, key, "SHA256", "1234"u8);
        Assert.True(key.Public.IsDictionaryAttackProtected);
        Assert.Equal(0, connection.ReadDictionaryAttackState().LockoutCounter);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Warm_signature_costs_one_command(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect(out RecordingBus bus);
        TpmKeyBlobs plain = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, [], []);
        TpmKeyBlobs guarded = connection.Create(TpmKeyTemplate.Rsa2048, TpmParent.Owner, "1234"u8, []);
        TestKeys.AssertSigns(connection, plain, "SHA256", []);
        TestKeys.AssertSigns(connection, guarded, "SHA256", "1234"u8);

        bus.Forget();
        long before = connection.CommandCount;
        for (int i = 0; i < 10; i++)
        {
            TestKeys.AssertSigns(connection, plain, "SHA256", []);
            TestKeys.AssertSigns(connection, guarded, "SHA256", "1234"u8);
        }

        Assert.Equal(20, connection.CommandCount - before);
        Assert.All(bus.Commands, command => Assert.Equal(nameof(TPM_CC.Sign), command));
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Cold_signature_reads_the_clock_makes_the_parent_starts_a_session_and_loads(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        TpmKeyBlobs key;
        using (TpmConnection maker = tpm.Connect())
        {
            key = maker.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, [], []);
        }

        using TpmConnection connection = tpm.Connect(out RecordingBus bus);
        TestKeys.AssertSigns(connection, key, "SHA256", []);
        Assert.Equal(["ReadClock", "CreatePrimary", "StartAuthSession", "Load", "Sign"], bus.Commands);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Ten_thousand_signatures_leave_nothing_behind(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using (TpmConnection connection = tpm.Connect())
        {
            TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, [], []);
            byte[] digest = SHA256.HashData("x"u8);
            for (int i = 0; i < 10_000; i++)
            {
                connection.Sign(
                    key, TpmParent.Owner, TpmSignatureScheme.Ecdsa(HashAlgorithmName.SHA256), digest, [], null);
            }

            Assert.InRange(connection.CommandCount, 10_000, 10_020);
        }

        Assert.Empty(TestKeys.LoadedHandles(tpm));
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Sealed_secret_comes_back(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect();
        byte[] seed = RandomNumberGenerator.GetBytes(32);
        TpmKeyBlobs key = connection.Seal(seed, TpmParent.Owner, "1234"u8, []);

        using SecureAgent.Core.Secret unsealed = connection.Unseal(key, TpmParent.Owner, "1234"u8, null);
        Assert.Equal(seed, unsealed.Span.ToArray());
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Imported_keys_sign(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect();
        using RSA rsa = RSA.Create(2048);
        TpmKeyBlobs imported = connection.Import(rsa.ExportParameters(true), TpmParent.Owner, "1234"u8, []);
        TestKeys.AssertSigns(connection, imported, "SHA512", "1234"u8);
        Assert.Equal(rsa.ExportParameters(false).Modulus, imported.Public.Modulus.ToArray());

        ECCurve[] curves =
            [ECCurve.NamedCurves.nistP256, ECCurve.NamedCurves.nistP384, ECCurve.NamedCurves.nistP521];
        foreach (ECCurve curve in curves)
        {
            using ECDsa ecdsa = ECDsa.Create(curve);
            TpmKeyBlobs key = connection.Import(ecdsa.ExportParameters(true), TpmParent.Owner, [], []);
            TestKeys.AssertSigns(connection, key, "SHA256", []);
            Assert.Equal(ecdsa.ExportParameters(false).Q.X, key.Public.X.ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Import_of_a_private_key_with_another_public_key_is_refused(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect();
        using ECDsa one = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECParameters mixed = one.ExportParameters(true);
        mixed.D = other.ExportParameters(true).D;

        Assert.Throws<TpmException>(() => connection.Import(mixed, TpmParent.Owner, [], []));
        TestKeys.AssertWorks(connection);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Changed_PIN_replaces_the_old_one(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect();
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, "1234"u8, []);
        TpmKeyBlobs changed = connection.ChangeAuth(key, TpmParent.Owner, "1234"u8, "a longer one"u8);

        Assert.Equal(key.Public.Name, changed.Public.Name);
        TestKeys.AssertSigns(connection, changed, "SHA256", "a longer one"u8);
        Assert.Throws<TpmException>(() => TestKeys.AssertSigns(connection, changed, "SHA256", "1234"u8));
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Capabilities_name_the_kinds_of_key(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect();
        Assert.Equal("ecdsa-256, ecdsa-384, ecdsa-521, rsa-2048, rsa-3072", connection.Capabilities.Describe());
        Assert.Contains(TPM_ALG.SHA512, connection.Capabilities.Algorithms);
        Assert.NotEmpty(connection.Capabilities.Manufacturer);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public void Kind_of_key_that_the_TPM_lacks_is_refused_by_name(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TpmConnection connection = tpm.Connect();
        TpmException error = Assert.Throws<TpmException>(() =>
            connection.Create(new TpmKeyTemplate(TPM_ALG.RSA, TPM_ECC_CURVE.NONE, 4096), TpmParent.Owner, [], []));
        Assert.Contains("has no rsa-4096 keys. It has: ecdsa-256", error.Message, StringComparison.Ordinal);
    }
}
