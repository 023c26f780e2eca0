using System.Buffers.Binary;
using SecureAgent.Backends.Tpm;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>Stands between a connection and its TPM: sees every command and response, and can change or answer
/// them.</summary>
internal sealed class RecordingBus
{
    private readonly Func<ITpmDevice> _open;

    public RecordingBus(Func<ITpmDevice> open) => _open = open;

    /// <summary>Commands and responses in order.</summary>
    public List<(byte[] Command, byte[] Response)> Exchanges { get; } = [];

    /// <summary>How often the device was opened.</summary>
    public int Opened { get; private set; }

    /// <summary>Called before a command is sent; an answer keeps it from the TPM.</summary>
    public Func<byte[], byte[]?>? Before { get; set; }

    /// <summary>Called with a command and its response; returns what the connection gets to see.</summary>
    public Func<byte[], byte[], byte[]>? After { get; set; }

    /// <summary>The command codes sent since the last <see cref="Forget"/>, in words.</summary>
    public IEnumerable<string> Commands => Exchanges.Select(exchange => Code(exchange.Command).ToString());

    /// <summary>All bytes seen, both ways.</summary>
    public byte[] Bytes => [.. Exchanges.SelectMany(exchange => exchange.Command.Concat(exchange.Response))];

    /// <summary>The code of a command.</summary>
    public static TPM_CC Code(byte[] command) => (TPM_CC)BinaryPrimitives.ReadUInt32BigEndian(command.AsSpan(6));

    /// <summary>A response that is only a code.</summary>
    public static byte[] Refusal(uint code)
    {
        byte[] response = [0x80, 0x01, 0, 0, 0, 10, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32BigEndian(response.AsSpan(6), code);
        return response;
    }

    /// <summary>Forgets what was seen.</summary>
    public void Forget() => Exchanges.Clear();

    /// <summary>Opens the device.</summary>
    public ITpmDevice Open()
    {
        Opened++;
        return new Device(this, _open());
    }

    private sealed class Device(RecordingBus bus, ITpmDevice inner) : ITpmDevice
    {
        public int Transmit(ReadOnlySpan<byte> command, Span<byte> response)
        {
            byte[] sent = command.ToArray();
            byte[]? answer = bus.Before?.Invoke(sent);
            if (answer is null)
            {
                int length = inner.Transmit(command, response);
                answer = response[..length].ToArray();
            }

            answer = bus.After?.Invoke(sent, answer) ?? answer;
            bus.Exchanges.Add((sent, answer));
            answer.CopyTo(response);
            return answer.Length;
        }

        public void Dispose() => inner.Dispose();
    }
}
