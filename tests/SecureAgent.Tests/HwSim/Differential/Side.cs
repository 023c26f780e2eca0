using System.Buffers.Binary;
using System.Security.Cryptography;
using SecureAgent.HwSim;

namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>One of the two TPMs that are compared, with what its earlier responses gave: blobs, names and nonces differ
/// between the two, and go into its later commands.</summary>
internal sealed class Side(ISimulatedTpm tpm)
{
    private readonly Dictionary<string, byte[]> _kept = [];

    public ISimulatedTpm Tpm { get; } = tpm;

    public byte[] this[string name]
    {
        get => _kept.TryGetValue(name, out byte[]? value) ? value : [];
        set => _kept[name] = value;
    }

    /// <summary>What was kept under <paramref name="name"/> with some bits of one octet inverted.</summary>
    public byte[] Changed(string name, int at, byte bits = 1)
    {
        byte[] changed = [.. this[name]];
        if (at < changed.Length)
        {
            changed[at] ^= bits;
        }

        return changed;
    }

    /// <summary>A handle kept under <paramref name="name"/>; TPM_RH_NULL if the command that makes it failed.</summary>
    public uint Handle(string name) =>
        _kept.TryGetValue(name, out byte[]? value) ? BinaryPrimitives.ReadUInt32BigEndian(value) : 0x40000007;

    /// <summary>Keeps the key of a session bound to an entity with <paramref name="auth"/>: KDFa with the label "ATH"
    /// (TPM 2.0 Part 1, 19.6.8), one block of SHA-256. nonceCaller was 16 zero octets.</summary>
    public void KeepSessionKey(string session, byte[] auth)
    {
        byte[] input = [0, 0, 0, 1, .. "ATH\0"u8, .. this[session + ".nonce"], .. new byte[16], 0, 0, 1, 0];
        this[session + ".key"] = HMACSHA256.HashData(auth, input);
    }

    /// <summary>The command with an unsalted HMAC session in front of its other sessions: the key is the session key,
    /// empty
    /// for an unbound session, and the authValue (TPM 2.0 Part 1, 19.6).</summary>
    /// <param name="command">The command, complete but for this session.</param>
    /// <param name="session">The name under which the response to TPM2_StartAuthSession was kept.</param>
    /// <param name="names">The Names of the command's handles, one after the other.</param>
    /// <param name="auth">The authValue of the first handle; a bound session has it in its key already.</param>
    /// <param name="attributes">The session attributes.</param>
    public TpmCommand WithHmac(TpmCommand command, string session, byte[] names, byte[] auth, byte attributes = 1)
    {
        byte[] code = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(code, command.Code);
        byte[] cpHash = SHA256.HashData([.. code, .. names, .. command.Parameters]);
        byte[] nonceCaller = new byte[16];
        byte[] signed = [.. cpHash, .. nonceCaller, .. this[session + ".nonce"], attributes];
        byte[] hmac = HMACSHA256.HashData([.. this[session + ".key"], .. auth], signed.AsSpan());
        command.Auths.Insert(0, new AuthEntry(Handle(session), nonceCaller, attributes, hmac));
        return command;
    }
}
