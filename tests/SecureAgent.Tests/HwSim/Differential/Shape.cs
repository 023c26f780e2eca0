using System.Buffers.Binary;
using System.Text;

namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>What a successful response consists of, and what of it must be equal. One letter for each field: <c>h</c> a
/// handle, <c>b w d q</c> a number of 1, 2, 4, 8 octets, <c>s</c> a TPM2B,
/// <c>v</c> a TPM2B of any length, <c>*</c> all that is left of the parameters. A
/// capital means that the value is compared, a small letter that only the length is.</summary>
internal static class Shape
{
    /// <summary>What both responses must have in common, written out, and each field's value by its position.</summary>
    public static (string Comparable, List<byte[]> Fields) Read(string shape, byte[] response)
    {
        StringBuilder comparable = new();
        List<byte[]> fields = [];
        bool sessions = BinaryPrimitives.ReadUInt16BigEndian(response) == 0x8002;
        int position = 10;
        int end = response.Length;
        foreach (char kind in shape)
        {
            if (sessions && char.ToUpperInvariant(kind) != 'H' && end == response.Length)
            {
                // parameterSize stands between the handle and the parameters.
                end = position + 4 + BinaryPrimitives.ReadInt32BigEndian(response.AsSpan(position));
                position += 4;
            }

            int length = char.ToUpperInvariant(kind) switch
            {
                'H' or 'D' => 4,
                'B' => 1,
                'W' => 2,
                'Q' => 8,
                'S' or 'V' => 2 + BinaryPrimitives.ReadUInt16BigEndian(response.AsSpan(position)),
                '*' => end - position,
                _ => throw new ArgumentException($"no such field: {kind}", nameof(shape)),
            };
            byte[] value = response.AsSpan(position, length).ToArray();
            fields.Add(char.ToUpperInvariant(kind) is 'S' or 'V' ? value[2..] : value);
            comparable.Append(kind).Append(kind == 'v' ? "" : length)
                .Append(char.IsUpper(kind) ? "=" + Convert.ToHexString(value) : "").Append(' ');
            position += length;
        }

        if (sessions && end == response.Length)
        {
            end = position + 4 + BinaryPrimitives.ReadInt32BigEndian(response.AsSpan(position));
            position += 4;
        }

        Assert.Equal(end, position);
        comparable.Append('|');
        for (int at = end; at < response.Length;)
        {
            int nonce = BinaryPrimitives.ReadUInt16BigEndian(response.AsSpan(at));
            byte attributes = response[at + 2 + nonce];
            int hmac = BinaryPrimitives.ReadUInt16BigEndian(response.AsSpan(at + 3 + nonce));
            comparable.Append($" session({nonce},{attributes:X2},{hmac})");
            fields.Add(response.AsSpan(at + 2, nonce).ToArray());
            at += 5 + nonce + hmac;
        }

        return (comparable.ToString(), fields);
    }
}
