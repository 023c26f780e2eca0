using System.Security.Cryptography;
using SecureAgent.Backends.PrivateKeys;
using SecureAgent.Cli.Output;
using SecureAgent.Wire;

namespace SecureAgent.Cli.Commands;

/// <summary>Reads the private key file that a person wants to move into hardware.</summary>
internal static class PrivateKeyInput
{
    private const int NameCharacters = 100;

    /// <summary>Reads it, and does something with it before it is zeroed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="composition">Asks for its passphrase.</param>
    /// <param name="enrol">Gets the content and the way to ask.</param>
    public static async Task<T> ReadAsync<T>(
        string path, Composition composition, Func<ReadOnlyMemory<byte>, AskPassphrase, Task<T>> enrol)
    {
        byte[] buffer = GC.AllocateArray<byte>(WireLimits.MaxPrivateKeyFileBytes + 1, pinned: true);
        try
        {
            int length = BoundedFile.Read(path, buffer);
            string file = SafeText.Quote(path, NameCharacters);
            return await enrol(
                buffer.AsMemory(0, length),
                (previousWasWrong, ct) => composition.Prompter.ReadSecretAsync(
                    (previousWasWrong ? "The passphrase was wrong. " : "") + $"Passphrase of {file}", ct))
                        .ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }
}
