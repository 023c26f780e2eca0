namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>Makes wrong commands from a right one, the same for both sides.</summary>
internal static class Mutations
{
    private const int MaxCuts = 24;

    /// <summary>Handles of every kind that none of the tests puts anything behind.</summary>
    private static readonly uint[] OddHandles =
    [
        0x00000017, 0x00000018, 0x010ABCDE, 0x02000033, 0x03000034, 0x40000001, 0x40000007, 0x40000009, 0x4000000A,
        0x4000000C, 0x40000050, 0x80000002, 0x80FFFFFF, 0x81ABCDEF, 0x90000000, 0xFFFFFFFF,
    ];

    private static readonly byte[] OddAttributes = [0x02, 0x04, 0x08, 0x20, 0x40, 0x80];

    /// <summary>Wrong tags, sizes, handles, authorizations and lengths.</summary>
    public static IEnumerable<(string Name, Func<Side, TpmCommand> Build)> All(
        Func<Side, TpmCommand> build, TpmCommand sample)
    {
        foreach ((string Name, Action<TpmCommand> Change) mutation in Framing(sample)
            .Concat(Handles(sample)).Concat(Authorizations(sample)).Concat(Lengths(sample)))
        {
            yield return (mutation.Name, side =>
            {
                TpmCommand command = build(side).Copy();
                mutation.Change(command);
                return command;
            });
        }
    }

    /// <summary>Every octet of the parameters with its lowest bit inverted, and as 0xFF.</summary>
    public static IEnumerable<(string Name, Func<Side, TpmCommand> Build)> Octets(
        Func<Side, TpmCommand> build, TpmCommand sample, int from, int to, int[] except)
    {
        int end = Math.Min(sample.Parameters.Length, to);
        foreach (int at in Enumerable.Range(from, end - from).Except(except))
        {
            foreach ((string name, Func<byte, byte> change) in new (string, Func<byte, byte>)[]
            {
                ("^01", old => (byte)(old ^ 1)), ("=FF", _ => 0xFF),
            })
            {
                yield return ($"octet {at}{name}", side =>
                {
                    TpmCommand command = build(side).Copy();
                    byte[] parameters = command.Parameters;
                    if (at < parameters.Length)
                    {
                        parameters[at] = change(parameters[at]);
                    }

                    command.Parameters = parameters;
                    return command;
                });
            }
        }
    }

    private static IEnumerable<(string Name, Action<TpmCommand> Change)> Framing(TpmCommand sample)
    {
        yield return ("other session tag",
            command => command.Tag = sample.Auths.Count > 0 ? (ushort)0x8001 : (ushort)0x8002);
        yield return ("tag 00C1", command => command.Tag = 0x00C1);
        yield return ("tag 8003", command => command.Tag = 0x8003);
        yield return ("tag 8024", command => command.Tag = 0x8024);
        yield return ("size + 1", command => command.SizeError = 1);
        yield return ("size - 1", command => command.SizeError = -1);
    }

    private static IEnumerable<(string Name, Action<TpmCommand> Change)> Handles(TpmCommand sample)
    {
        for (int i = 0; i < sample.Handles.Count; i++)
        {
            int at = i;
            foreach (uint handle in OddHandles.Where(odd => odd != sample.Handles[at]))
            {
                yield return ($"handle {at + 1} = {handle:X8}", command => command.Handles[at] = handle);
            }
        }
    }

    private static IEnumerable<(string Name, Action<TpmCommand> Change)> Authorizations(TpmCommand sample)
    {
        for (int i = 0; i < sample.Auths.Count; i++)
        {
            int at = i;
            yield return ($"auth {at + 1} wrong",
                command => command.Auths[at] = command.Auths[at] with { Auth = "wrong"u8.ToArray() });
            yield return ($"auth {at + 1} too long",
                command => command.Auths[at] = command.Auths[at] with { Auth = new byte[65] });
            yield return ($"auth {at + 1} with a nonce",
                command => command.Auths[at] = command.Auths[at] with { Nonce = new byte[16] });
            foreach (byte attributes in OddAttributes)
            {
                yield return ($"auth {at + 1} attributes {attributes:X2}",
                    command => command.Auths[at] = command.Auths[at] with { Attributes = attributes });
            }

            foreach (uint handle in new uint[] { 0x02000033, 0x03000034, 0x40000007, 0x80000000 })
            {
                yield return ($"auth {at + 1} session {handle:X8}",
                    command => command.Auths[at] = command.Auths[at] with { Handle = handle });
            }
        }

        if (sample.Auths.Count > 0)
        {
            yield return ("no auth", command => command.Auths.Clear());
            yield return ("last auth missing", command => command.Auths.RemoveAt(command.Auths.Count - 1));
            yield return ("auth size + 1", command => command.AuthSizeError = 1);
            yield return ("auth size - 1", command => command.AuthSizeError = -1);
            yield return ("auth size 0", command => command.AuthSizeError = -command.Auths.Sum(Length));
            yield return ("auth size huge", command => command.AuthSizeError = 0x10000);
        }

        yield return ("one more password", command => command.Password());
        yield return ("four passwords", command => command.Password().Password().Password().Password());
    }

    private static IEnumerable<(string Name, Action<TpmCommand> Change)> Lengths(TpmCommand sample)
    {
        int length = sample.Parameters.Length;
        int step = length <= MaxCuts ? 1 : length / MaxCuts + 1;
        foreach (int cut in Enumerable.Range(0, length).Where(at => at % step == 0))
        {
            yield return ($"parameters cut at {cut}",
                // In proportion, where the two sides' blobs have different lengths.
                command => command.Parameters = command.Parameters[..(cut * command.Parameters.Length / length)]);
        }

        yield return ("one octet more", command => command.Parameters = [.. command.Parameters, 0]);
    }

    private static int Length(AuthEntry entry) => 4 + 2 + entry.Nonce.Length + 1 + 2 + entry.Auth.Length;
}
