using System.Security.Cryptography;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>Checks signatures of ECDSA P-256 with .NET's own code.</summary>
internal static class EcdsaSignature
{
    /// <summary>Whether the agent's answer to a request to sign is right; RFC 5656 sections 3.1 and 3.1.2.</summary>
    public static bool Verify(byte[] blob, byte[] data, byte[] answer)
    {
        byte[] point = AgentSocket.Texts(blob)[2];
        ECParameters parameters = new()
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = point[1..33], Y = point[33..65] },
        };
        byte[] signature = AgentSocket.Texts(answer.AsSpan(1))[0];
        byte[][] numbers = [.. AgentSocket.Texts(AgentSocket.Texts(signature)[1]).Select(Fixed)];
        using ECDsa key = ECDsa.Create(parameters);
        byte[] raw = [.. numbers[0], .. numbers[1]];
        return key.VerifyData(data, raw, HashAlgorithmName.SHA256);
    }

    private static byte[] Fixed(byte[] number)
    {
        byte[] bytes = new byte[32];
        ReadOnlySpan<byte> digits = number.AsSpan().TrimStart((byte)0);
        digits.CopyTo(bytes.AsSpan(32 - digits.Length));
        return bytes;
    }
}
