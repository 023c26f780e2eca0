using System.Security.Cryptography;

namespace SecureAgent.HwSim.Piv;

/// <summary>GENERAL AUTHENTICATE with the management key: mutual authentication (SP 800-73-4 part 2, A.1.2) and that of
/// the host alone (A.1.1).</summary>
internal static class ManagementKeyAuthentication
{
    /// <summary>Dynamic authentication template.</summary>
    public const int TemplateTag = 0x7C;

    /// <summary>Response.</summary>
    public const int ResponseTag = 0x82;

    private const int WitnessTag = 0x80;
    private const int ChallengeTag = 0x81;

    /// <summary>One step of either.</summary>
    /// <exception cref="CardError">6982: another key; 6A80: no such step, or another algorithm than the
    /// key's.</exception>
    public static byte[] Execute(PivApplet card, byte algorithm, List<(int Tag, byte[] Value)> template)
    {
        ManagementKey key = card.State.ManagementKey;
        bool isTripleDes = key.Algorithm == PivAlgorithm.TripleDes && algorithm == 0;
        CardError.Unless(algorithm == (byte)key.Algorithm || isTripleDes, StatusWord.WrongData);
        byte[]? witness = template.Find(WitnessTag);
        byte[]? challenge = template.Find(ChallengeTag);
        if (witness is [])
        {
            card.Session.Witness = RandomNumberGenerator.GetBytes(key.BlockSize);
            return Tlv.Write(TemplateTag, Tlv.Write(WitnessTag, key.Encrypt(card.Session.Witness)));
        }

        if (witness is not null)
        {
            CardError.Unless(challenge?.Length == key.BlockSize, StatusWord.WrongData);
            Compare(card, witness, card.Session.Witness);
            return Tlv.Write(TemplateTag, Tlv.Write(ResponseTag, key.Encrypt(challenge!)));
        }

        if (challenge is [])
        {
            card.Session.Challenge = RandomNumberGenerator.GetBytes(key.BlockSize);
            return Tlv.Write(TemplateTag, Tlv.Write(ChallengeTag, card.Session.Challenge));
        }

        byte[]? expected = card.Session.Challenge is byte[] sent ? key.Encrypt(sent) : null;
        Compare(card, template.Get(ResponseTag), expected);
        return [];
    }

    // Each witness and each challenge serves once.
    private static void Compare(PivApplet card, byte[] answer, byte[]? expected)
    {
        card.Session.Witness = null;
        card.Session.Challenge = null;
        card.Session.ManagementAuthenticated = false;
        CardError.Unless(
            expected is not null && CryptographicOperations.FixedTimeEquals(answer, expected),
            StatusWord.SecurityStatusNotSatisfied);
        card.Touch.Require(card.State.ManagementKey.Touch);
        card.Session.ManagementAuthenticated = true;
    }
}
