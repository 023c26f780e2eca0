using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SecureAgent.Channels.Pageant;

/// <summary>The name of the pipe on which PuTTY and its family look for Pageant. It holds a value that only programs of
/// the same user can compute and that changes whenever Windows starts, so that it is never stored.</summary>
/// <remarks>PuTTY's windows/utils/agent_named_pipe_name.c and cryptoapi.c.</remarks>
public static partial class PageantPipeName
{
    /// <summary>"Pageant", padded with zeros to a multiple of CRYPTPROTECTMEMORY_BLOCK_SIZE.</summary>
    internal const int BlockSizeBytes = 16;

    /// <summary>Puts the name together.</summary>
    /// <param name="userName">As <see cref="UserNameOf"/> gives it.</param>
    /// <param name="protect">Encrypts the 16 bytes in place, or leaves them as they are if it cannot, which PuTTY does
    /// not mind.</param>
    /// <returns>The full name with backslashes.</returns>
    internal static string Derive(string userName, Action<Span<byte>> protect)
    {
        // An SSH string: its length, 16, and its bytes.
        Span<byte> hashed = stackalloc byte[sizeof(uint) + BlockSizeBytes];
        hashed.Clear();
        BinaryPrimitives.WriteInt32BigEndian(hashed, BlockSizeBytes);
        Span<byte> block = hashed[sizeof(uint)..];
        "Pageant"u8.CopyTo(block);
        protect(block);
        return $@"\\.\pipe\pageant.{userName}.{Convert.ToHexStringLower(SHA256.HashData(hashed))}";
    }

    /// <summary>PuTTY's name for the user: the principal name up to its @ where there is one, which is only so in a
    /// domain, or else the name of the account.</summary>
    /// <param name="principalName">Such as <c>mary@example.com</c>; <see langword="null"/> if there is none.</param>
    /// <param name="accountName">Such as <c>mary</c>.</param>
    internal static string UserNameOf(string? principalName, string accountName) =>
        principalName is null ? accountName : principalName.Split('@', 2)[0];
}
