using System.Buffers.Binary;

namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>A TPM command as bytes, written for these tests alone: neither the simulator's nor the agent's encoder
/// has a
/// part in it, so that a misread specification does not cancel out.</summary>
internal sealed class TpmCommand(uint code)
{
    public const uint TPM_RS_PW = 0x40000009;

    private List<byte> _parameters = [];

    public uint Code { get; set; } = code;

    /// <summary>The tag, where the test wants another one than the sessions imply.</summary>
    public ushort? Tag { get; set; }

    /// <summary>What is added to the correct value of commandSize.</summary>
    public int SizeError { get; set; }

    /// <summary>What is added to the correct value of authorizationSize.</summary>
    public int AuthSizeError { get; set; }

    public List<uint> Handles { get; private init; } = [];

    public List<AuthEntry> Auths { get; private init; } = [];

    public byte[] Parameters
    {
        get => [.. _parameters];
        set => _parameters = [.. value];
    }

    public TpmCommand Handle(uint handle)
    {
        Handles.Add(handle);
        return this;
    }

    public TpmCommand Password(string password = "") =>
        Session(TPM_RS_PW, [], 0, System.Text.Encoding.ASCII.GetBytes(password));

    public TpmCommand Session(uint handle, byte[] nonce, byte attributes, byte[] auth)
    {
        Auths.Add(new AuthEntry(handle, nonce, attributes, auth));
        return this;
    }

    public TpmCommand U8(byte value) => Raw([value]);

    public TpmCommand U16(ushort value) => Raw([(byte)(value >> 8), (byte)value]);

    public TpmCommand U32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return Raw(bytes);
    }

    public TpmCommand U64(ulong value) => U32((uint)(value >> 32)).U32((uint)value);

    public TpmCommand Raw(byte[] bytes)
    {
        _parameters.AddRange(bytes);
        return this;
    }

    public TpmCommand Hex(string hex) => Raw(Convert.FromHexString(hex.Replace(" ", "")));

    public TpmCommand Sized(byte[] bytes) => U16((ushort)bytes.Length).Raw(bytes);

    public TpmCommand SizedHex(string hex) => Sized(Convert.FromHexString(hex.Replace(" ", "")));

    public TpmCommand Copy() => new(Code)
    {
        Tag = Tag,
        SizeError = SizeError,
        AuthSizeError = AuthSizeError,
        Handles = [.. Handles],
        Auths = [.. Auths],
        Parameters = Parameters,
    };

    public byte[] ToArray()
    {
        TpmCommand body = new(0);
        foreach (uint handle in Handles)
        {
            body.U32(handle);
        }

        if (Auths.Count > 0)
        {
            TpmCommand area = new(0);
            foreach (AuthEntry entry in Auths)
            {
                area.U32(entry.Handle).Sized(entry.Nonce).U8(entry.Attributes).Sized(entry.Auth);
            }

            body.U32((uint)(area._parameters.Count + AuthSizeError)).Raw([.. area._parameters]);
        }

        body.Raw([.. _parameters]);
        ushort tag = Tag ?? (Auths.Count > 0 ? (ushort)0x8002 : (ushort)0x8001);
        return [.. new TpmCommand(0).U16(tag).U32((uint)(10 + body._parameters.Count + SizeError))
            .U32(Code)._parameters,
            .. body._parameters];
    }
}
