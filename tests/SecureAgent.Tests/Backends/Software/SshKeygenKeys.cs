using System.Buffers;
using System.Text;
using SecureAgent.Tests.Channels.UnixSocket;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Backends.Software;

/// <summary>Keys as ssh-keygen makes them, and signatures as it checks them.</summary>
public sealed class SshKeygenKeys : IDisposable
{
    private static readonly Dictionary<string, string[]> Kinds = new()
    {
        ["rsa1024"] = ["-t", "rsa", "-b", "1024"],
        ["rsa2048"] = ["-t", "rsa", "-b", "2048"],
        ["rsa2056"] = ["-t", "rsa", "-b", "2056"],
        ["rsa3072"] = ["-t", "rsa", "-b", "3072"],
        ["rsa4096"] = ["-t", "rsa", "-b", "4096"],
        ["ecdsa256"] = ["-t", "ecdsa", "-b", "256"],
        ["ecdsa384"] = ["-t", "ecdsa", "-b", "384"],
        ["ecdsa521"] = ["-t", "ecdsa", "-b", "521"],
        ["ed25519"] = ["-t", "ed25519"],
        ["ed25519-other"] = ["-t", "ed25519"],
    };

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>Makes a key, once for each name, and decodes it anew; the caller disposes it.</summary>
    public async Task<PrivateKey> ReadAsync(string name)
    {
        string file = Path.Combine(_directory.Path, name);
        if (!File.Exists(file))
        {
            ToolResult made = await ToolResult.RunAsync(
                Requires.Tool("ssh-keygen"), ["-q", "-N", "", "-f", file, .. Kinds[name]]);
            Assert.True(made.ExitCode == 0, made.Error);
        }

        return OpenSshPrivateKeyFile.Decode(File.ReadAllBytes(file), []).Key;
    }

    /// <summary>Has ssh-keygen -Y verify a signature over <see cref="SshSig"/>.</summary>
    internal async Task<ToolResult> VerifyAsync(PublicKey key, SignatureAlgorithm algorithm, byte[] raw)
    {
        string signers = Path.Combine(_directory.Path, Guid.NewGuid().ToString());
        await File.WriteAllTextAsync(
            signers,
            $"me {key.KeyType} {Convert.ToBase64String(key.Blob.Span)}\n",
            TestContext.Current.CancellationToken);
        string signature = signers + ".sig";
        ArrayBufferWriter<byte> output = new();
        WireWriter writer = new(output);
        writer.WriteBytes("SSHSIG"u8);
        writer.WriteUInt32(1);
        writer.WriteString(key.Blob.Span);
        WriteScope(writer);
        writer.WriteString(SignatureBlob.Encode(algorithm, raw));
        await File.WriteAllTextAsync(
            signature,
            "-----BEGIN SSH SIGNATURE-----\n"
            + Convert.ToBase64String(output.WrittenSpan, Base64FormattingOptions.InsertLineBreaks)
                .ReplaceLineEndings("\n")
            + "\n-----END SSH SIGNATURE-----\n",
            TestContext.Current.CancellationToken);
        return await ToolResult.RunAsync(
            "/bin/sh",
            [
                "-c",
                $"printf hello | {Requires.Tool("ssh-keygen")} -Y verify -f {signers} -I me -n test -s {signature}",
            ]);
    }

    /// <summary>What is signed for the message "hello" (OpenSSH, PROTOCOL.sshsig).</summary>
    public static byte[] SshSig()
    {
        ArrayBufferWriter<byte> output = new();
        WireWriter writer = new(output);
        writer.WriteBytes("SSHSIG"u8);
        WriteScope(writer);
        writer.WriteString(System.Security.Cryptography.SHA512.HashData(Encoding.ASCII.GetBytes("hello")));
        return output.WrittenSpan.ToArray();
    }

    private static void WriteScope(WireWriter writer)
    {
        writer.WriteUtf8("test");
        writer.WriteString([]);
        writer.WriteUtf8("sha512");
    }
}
