using System.Security.Cryptography;
using SecureAgent.Backends.Software;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Backends.Software;

/// <summary>The composite of ML-DSA-44 and Ed25519, against a key and a signature of OpenSSH 10.5
/// (<c>Vectors/ORIGIN.md</c>). Whether the platform has ML-DSA decides which half of each test is run: Debian 12 has
/// not.</summary>
public sealed class CompositeKeyTests
{
    private static readonly SignatureAlgorithm Algorithm = SignatureAlgorithm.MlDsa44Ed25519;

    [Theory]
    [MemberData(nameof(Held.Libraries), MemberType = typeof(Held))]
    public void Key_signs_where_the_platform_has_MLDSA_and_is_refused_by_name_where_not(string library)
    {
        using MlDsa44Ed25519PrivateKey key = ReadKey();
        using SoftwareKeys keys = Held.Keys(library);
        if (!MLDsa.IsSupported)
        {
            BackendException refused = Assert.Throws<BackendException>(() => keys.Hold(key));
            Assert.Contains("ssh-mldsa44-ed25519@openssh.com", refused.Message, StringComparison.Ordinal);
            Assert.Contains("no ML-DSA", refused.Message, StringComparison.Ordinal);
            return;
        }

        using IHeldKey held = keys.Hold(key);
        byte[] raw = held.Sign(Algorithm, (byte[])[1, 2, 3]);
        Assert.True(SignatureVerifier.Verify(key.PublicKey, Algorithm, [1, 2, 3], raw));
        foreach (int at in (int[])[0, 2419, 2420, 2483])
        {
            raw[at] ^= 1;
            Assert.False(SignatureVerifier.Verify(key.PublicKey, Algorithm, [1, 2, 3], raw));
            raw[at] ^= 1;
        }

        Assert.False(SignatureVerifier.Verify(key.PublicKey, Algorithm, [1, 2, 4], raw));
    }

    [Fact]
    public void Signature_of_OpenSSH_is_right_where_the_platform_can_tell()
    {
        using MlDsa44Ed25519PrivateKey key = ReadKey();
        SignatureBlob signature = SignatureBlob.Decode(Vector("mldsa44.signature.bin"));
        Assert.Equal(Algorithm, signature.Algorithm);
        Assert.Equal(
            MLDsa.IsSupported,
            SignatureVerifier.Verify(
                key.PublicKey, Algorithm, Vector("mldsa44.signed.bin"), signature.Raw.Span));
    }

    [Fact]
    public void Ed25519_half_of_OpenSSHs_signature_signs_the_representative_of_the_data()
    {
        using MlDsa44Ed25519PrivateKey key = ReadKey();
        byte[] publicKey = Ed25519.PublicKeyOf(key.Seeds.AsSpan(MlDsa44Ed25519.SeedSizeBytes));
        MlDsa44Ed25519PublicKey whole = Assert.IsType<MlDsa44Ed25519PublicKey>(key.PublicKey);
        Assert.Equal(whole.Key[MlDsa44Ed25519PublicKey.MlDsa44KeyBytes..].ToArray(), publicKey);
        SignatureBlob signature = SignatureBlob.Decode(Vector("mldsa44.signature.bin"));
        byte[] representative = MlDsa44Ed25519.Representative(Vector("mldsa44.signed.bin"));
        Assert.True(Ed25519.Verify(
            publicKey, representative, signature.Raw.Span[MlDsa44Ed25519.MlDsa44SignatureBytes..]));
    }

    [Theory]
    [MemberData(nameof(Held.Libraries), MemberType = typeof(Held))]
    public void Halves_of_two_keys_are_refused(string library)
    {
        using MlDsa44Ed25519PrivateKey key = ReadKey();
        using SoftwareKeys keys = Held.Keys(library);
        foreach (int at in (int[])[0, MlDsa44Ed25519.SeedSizeBytes])
        {
            byte[] seeds = [.. key.Seeds];
            seeds[at] ^= 1;
            using MlDsa44Ed25519PrivateKey mixed = new((MlDsa44Ed25519PublicKey)key.PublicKey, null, seeds);
            string message = Assert.Throws<BackendException>(() => keys.Hold(mixed)).Message;
            Assert.Contains(MLDsa.IsSupported ? "does not belong" : "no ML-DSA", message, StringComparison.Ordinal);
        }
    }

    /// <summary>OpenSSH's key.</summary>
    private static MlDsa44Ed25519PrivateKey ReadKey() => Assert.IsType<MlDsa44Ed25519PrivateKey>(
        OpenSshPrivateKeyFile.Decode(Vector("mldsa44.key"), []).Key);

    private static byte[] Vector(string name) => File.ReadAllBytes(
        Path.Combine(AppContext.BaseDirectory, "Backends", "Software", "Vectors", name));
}
