using System.Security.Cryptography;
using SecureAgent.Backends.Software;
using SecureAgent.Core;
using SecureAgent.Tests.Channels.UnixSocket;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Backends.Software;

/// <summary>Signatures with each library, against ssh-keygen's keys and its verdict.</summary>
public sealed class SoftwareKeysTests(SshKeygenKeys made) : IClassFixture<SshKeygenKeys>
{
    public static TheoryData<string, string, string> Signatures
    {
        get
        {
            TheoryData<string, string, string> all = [];
            foreach (string library in (string[])["OpenSSL", "platform"])
            {
                all.Add(library, "rsa2048", "ssh-rsa");
                all.Add(library, "rsa2048", "rsa-sha2-256");
                all.Add(library, "rsa2056", "rsa-sha2-512");
                all.Add(library, "rsa3072", "rsa-sha2-256");
                all.Add(library, "rsa4096", "rsa-sha2-512");
                all.Add(library, "ecdsa256", "ecdsa-sha2-nistp256");
                all.Add(library, "ecdsa384", "ecdsa-sha2-nistp384");
                all.Add(library, "ecdsa521", "ecdsa-sha2-nistp521");
                all.Add(library, "ed25519", "ssh-ed25519");
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Signatures))]
    public async Task Signature_is_what_ssh_keygen_and_the_verifier_accept(
        string library, string name, string algorithmName)
    {
        SignatureAlgorithm algorithm = SignatureAlgorithm.FromName(algorithmName)!;
        using PrivateKey key = await made.ReadAsync(name);
        using SoftwareKeys keys = Held.Keys(library);
        using IHeldKey held = keys.Hold(key);
        byte[] raw = held.Sign(algorithm, SshKeygenKeys.SshSig());
        Assert.True(SignatureVerifier.Verify(key.PublicKey, algorithm, SshKeygenKeys.SshSig(), raw));
        if (library == "OpenSSL" && algorithm != SignatureAlgorithm.SshRsa) // ssh-keygen takes no SHA-1.
        {
            ToolResult verdict = await made.VerifyAsync(key.PublicKey, algorithm, raw);
            Assert.True(verdict.ExitCode == 0, verdict.Output + verdict.Error);
        }
    }

    [Theory]
    [MemberData(nameof(Held.Libraries), MemberType = typeof(Held))]
    public async Task Data_of_any_length_is_signed(string library)
    {
        foreach (string name in (string[])["rsa2048", "ecdsa256", "ecdsa521", "ed25519"])
        {
            using PrivateKey key = await made.ReadAsync(name);
            using SoftwareKeys keys = Held.Keys(library);
            using IHeldKey held = keys.Hold(key);
            foreach (int length in (int[])[0, 1, 127, 128, 65536, 256 * 1024])
            {
                byte[] data = RandomNumberGenerator.GetBytes(length);
                byte[] raw = held.Sign(key.PublicKey.Algorithm(), data);
                Assert.True(
                    SignatureVerifier.Verify(key.PublicKey, key.PublicKey.Algorithm(), data, raw),
                    $"{name}, {length} bytes");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Held.Libraries), MemberType = typeof(Held))]
    public async Task Short_r_and_s_are_padded(string library)
    {
        using PrivateKey key = await made.ReadAsync("ecdsa256");
        using SoftwareKeys keys = Held.Keys(library);
        using IHeldKey held = keys.Hold(key);
        int shortOnes = 0;
        for (int i = 0; i < 20_000 && shortOnes < 4; i++)
        {
            byte[] raw = held.Sign(SignatureAlgorithm.EcdsaNistp256, new byte[] { 1 });
            Assert.Equal(64, raw.Length);
            if (raw[0] == 0 || raw[32] == 0)
            {
                shortOnes++;
                Assert.True(
                    SignatureVerifier.Verify(key.PublicKey, SignatureAlgorithm.EcdsaNistp256, new byte[] { 1 }, raw));
            }
        }

        Assert.Equal(4, shortOnes);
    }

    [Fact]
    public async Task Another_type_of_signature_is_refused()
    {
        using PrivateKey key = await made.ReadAsync("ecdsa256");
        using SoftwareKeys keys = Held.Keys("platform");
        using IHeldKey held = keys.Hold(key);
        foreach (string name in (string[])["ecdsa-sha2-nistp384", "rsa-sha2-256", "ssh-ed25519"])
        {
            BackendException refused = Assert.Throws<BackendException>(
                () => held.Sign(SignatureAlgorithm.FromName(name)!, new byte[1]));
            Assert.Contains(name, refused.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Held.Libraries), MemberType = typeof(Held))]
    public async Task Removed_key_signs_no_more_and_others_do(string library)
    {
        using PrivateKey key = await made.ReadAsync("ed25519");
        using PrivateKey other = await made.ReadAsync("ed25519-other");
        using SoftwareKeys keys = Held.Keys(library);
        IHeldKey held = keys.Hold(key);
        using IHeldKey stays = keys.Hold(other);
        _ = held.Sign(SignatureAlgorithm.SshEd25519, new byte[1]);
        held.Dispose();
        held.Dispose();
        BackendException gone = Assert.Throws<BackendException>(
            () => held.Sign(SignatureAlgorithm.SshEd25519, new byte[1]));
        Assert.Contains(key.PublicKey.Fingerprint, gone.Message, StringComparison.Ordinal);
        Assert.Equal(64, stays.Sign(SignatureAlgorithm.SshEd25519, new byte[1]).Length);
        keys.Dispose();
        Assert.Throws<BackendException>(() => stays.Sign(SignatureAlgorithm.SshEd25519, new byte[1]));
    }

    [Theory]
    [MemberData(nameof(Held.Libraries), MemberType = typeof(Held))]
    public async Task Key_that_the_caller_zeroed_still_signs(string library)
    {
        using SoftwareKeys keys = Held.Keys(library);
        PrivateKey key = await made.ReadAsync("rsa2048");
        using IHeldKey held = keys.Hold(key);
        key.Dispose();
        byte[] raw = held.Sign(SignatureAlgorithm.RsaSha2_512, new byte[] { 1 });
        Assert.True(SignatureVerifier.Verify(key.PublicKey, SignatureAlgorithm.RsaSha2_512, new byte[] { 1 }, raw));
    }
}
