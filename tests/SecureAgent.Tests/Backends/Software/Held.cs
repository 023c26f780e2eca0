using SecureAgent.Backends.Memory;
using SecureAgent.Backends.Software;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Backends.Software;

/// <summary>Software keys over a chosen library, and signatures without ceremony.</summary>
internal static class Held
{
    private static readonly SignContext Who = new(new PeerInfo("test"), "key", "test");

    /// <summary>Each library that keys can be made with here.</summary>
    public static TheoryData<string> Libraries => ["OpenSSL", "platform"];

    public static SoftwareKeys Keys(string library, TimeProvider? time = null)
    {
        LockedMemory memory = new();
        if (library == "OpenSSL")
        {
            Assert.SkipUnless(OperatingSystem.IsLinux(), "OpenSSL 3 is the platform's on Linux.");
            Assert.True(LibCrypto.IsAvailable);
        }

        return new SoftwareKeys(
            memory,
            time ?? TimeProvider.System,
            library == "OpenSSL" ? new OpenSslKeyFactory() : new PlatformKeyFactory(memory));
    }

    public static byte[] Sign(this IHeldKey key, SignatureAlgorithm algorithm, ReadOnlyMemory<byte> data)
    {
        ValueTask<byte[]> signature = key.SignAsync(algorithm, data, Who, TestContext.Current.CancellationToken);
        return signature.IsCompleted
            ? signature.Result
            : throw new InvalidOperationException("A software key signs on the caller's thread.");
    }

    /// <summary>The algorithm that a key signs with today.</summary>
    public static SignatureAlgorithm Algorithm(this PublicKey key) =>
        SignatureAlgorithm.For(key, SignatureFlags.SSH_AGENT_RSA_SHA2_256);
}
