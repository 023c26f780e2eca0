using System.Globalization;
using System.Text.RegularExpressions;

namespace SecureAgent.Tests.Channels.Windows;

/// <summary>AccessCheck in managed code, for descriptors in SDDL: Wine does not enforce them, and Linux has no such
/// thing. It knows what the product's descriptors use, and refuses to judge anything else.</summary>
/// <remarks>[MS-DTYP] 2.5.3.2 and 2.5.3.3: the mandatory label first, then the entries in their order; each bit is
/// decided by the first entry that names it.</remarks>
internal static partial class ManagedAccessCheck
{
    private const int NoWriteUp = 0x1;
    private const int NoReadUp = 0x2;

    private static readonly Dictionary<string, string> WellKnown = new()
    {
        ["NU"] = "S-1-5-2",
        ["SY"] = "S-1-5-18",
        ["BA"] = "S-1-5-32-544",
        ["WD"] = "S-1-1-0",
        ["AU"] = "S-1-5-11",
    };

    private static readonly Dictionary<string, int> Levels =
        new() { ["LW"] = 0x1000, ["ME"] = 0x2000, ["HI"] = 0x3000 };

    /// <summary>Whether somebody gets all the rights that he asks for.</summary>
    /// <param name="sddl">The object's descriptor.</param>
    /// <param name="kind">What its generic rights stand for.</param>
    /// <param name="who">Who asks.</param>
    /// <param name="access">What for, without generic rights.</param>
    public static bool Allows(string sddl, ObjectKind kind, Subject who, uint access)
    {
        Match parts = Descriptor().Match(sddl);
        Assert.True(parts.Success, $"This check cannot read {sddl}.");
        if (who.Integrity < LevelOf(parts.Groups["label"].Value, out int policy)
            && ((policy & NoWriteUp) != 0 && (access & kind.WriteBits) != 0
                || (policy & NoReadUp) != 0 && (access & kind.ReadBits) != 0))
        {
            return false;
        }

        uint left = access;
        foreach (Match entry in Entry().Matches(parts.Groups["dacl"].Value))
        {
            string sid = entry.Groups["sid"].Value;
            sid = WellKnown.GetValueOrDefault(sid, sid);
            if (sid != who.User && !who.Groups.Contains(sid))
            {
                continue;
            }

            uint rights = kind.Map(entry.Groups["rights"].Value);
            if (entry.Groups["type"].Value == "D" && (rights & left) != 0)
            {
                return false;
            }

            left &= entry.Groups["type"].Value == "A" ? ~rights : uint.MaxValue;
        }

        return left == 0;
    }

    /// <summary>The label's level; medium, and no writing up, for what has none.</summary>
    private static int LevelOf(string label, out int policy)
    {
        Match match = Label().Match(label);
        policy = !match.Success ? NoWriteUp
            : (match.Groups["policy"].Value.Contains("NW", StringComparison.Ordinal) ? NoWriteUp : 0)
            | (match.Groups["policy"].Value.Contains("NR", StringComparison.Ordinal) ? NoReadUp : 0);
        return match.Success ? Levels[match.Groups["level"].Value] : Levels["ME"];
    }

    [GeneratedRegex(
        @"^O:[\w-]+G:[\w-]+D:P(?<dacl>(\([AD];;\w+;;;[\w-]+\))+)(S:(?<label>\(ML;;\w+;;;\w+\)))?$")]
    private static partial Regex Descriptor();

    [GeneratedRegex(@"\((?<type>[AD]);;(?<rights>\w+);;;(?<sid>[\w-]+)\)")]
    private static partial Regex Entry();

    [GeneratedRegex(@"\(ML;;(?<policy>\w+);;;(?<level>\w+)\)")]
    private static partial Regex Label();

    /// <summary>Who asks.</summary>
    /// <param name="User">SID of the user.</param>
    /// <param name="Integrity">Level of the token; 0x2000 is medium.</param>
    /// <param name="Groups">SIDs of the groups that the token has.</param>
    internal sealed record Subject(string User, int Integrity, params string[] Groups);

    /// <summary>What generic rights stand for with one kind of object (GENERIC_MAPPING).</summary>
    internal sealed record ObjectKind(uint ReadBits, uint WriteBits, uint AllBits)
    {
        /// <summary>A pipe or a file; 0x1F01FF is FILE_ALL_ACCESS.</summary>
        public static readonly ObjectKind File = new(ReadBits: 0x89, WriteBits: 0x116, AllBits: 0x1F01FF);

        /// <summary>A file mapping; 0xF001F is SECTION_ALL_ACCESS.</summary>
        public static readonly ObjectKind Mapping = new(ReadBits: 0x5, WriteBits: 0x2, AllBits: 0xF001F);

        public uint Map(string rights) => rights is "GA" or "FA"
            ? AllBits
            : uint.Parse(rights.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
