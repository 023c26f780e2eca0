using System.Buffers.Binary;
using SecureAgent.HwSim;

namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>Sends the same command to swtpm and to the simulator and compares the responses: the response codes always;
/// of successful ones the tags, the lengths of all fields and, where the shape says so, the bytes. Differences are
/// gathered,
/// so that one run shows them all.</summary>
internal sealed class Pair(ISimulatedTpm authority, ISimulatedTpm subject)
{
    private const uint TPM_RC_FAILURE = 0x101;

    private readonly List<string> _differences = [];
    private readonly List<string> _accepted = [];
    private readonly SortedDictionary<uint, int> _codes = [];

    public Side Authority { get; } = new(authority);

    public Side Subject { get; } = new(subject);

    /// <summary>How many commands were compared.</summary>
    public int Compared { get; private set; }

    /// <summary>How many times each response code was the authority's answer.</summary>
    public IReadOnlyDictionary<uint, int> Codes => _codes;

    /// <summary>Compares one command, which must succeed on both sides; keeps fields of the responses.</summary>
    /// <param name="name">What the command is, for the report.</param>
    /// <param name="build">Makes the command for one side.</param>
    /// <param name="shape">The successful response; see <see cref="Shape"/>.</param>
    /// <param name="keep">Names under which the response's fields are kept, in order; empty ones are not.</param>
    public void Good(string name, Func<Side, TpmCommand> build, string shape = "", params string[] keep)
    {
        if (Compare(name, build, shape, keep) != 0)
        {
            _differences.Add($"{name}: swtpm refuses what the test expects to work");
        }
    }

    /// <summary>Compares one command, which must fail on both sides with the same code.</summary>
    public void Bad(string name, Func<Side, TpmCommand> build, string shape = "")
    {
        if (Compare(name, build, shape) == 0)
        {
            _differences.Add($"{name}: swtpm accepts what the test expects to fail");
        }
    }

    /// <summary>A command that swtpm 0.7.1 answers with TPM_RC_FAILURE because OpenSSL, which it was built with,
    /// refuses, and
    /// the simulator with the code that Part 3 names.</summary>
    /// <param name="name">What the command is, for the report.</param>
    /// <param name="specified">The code of Part 3.</param>
    /// <param name="build">Makes the command for one side.</param>
    public void FailsInOpenSsl(string name, uint specified, Func<Side, TpmCommand> build)
    {
        uint expected = Code(Authority.Tpm.Execute(build(Authority).ToArray()));
        uint actual = Code(Subject.Tpm.Execute(build(Subject).ToArray()));
        Compared++;
        if (actual != specified || (expected != TPM_RC_FAILURE && expected != specified))
        {
            _differences.Add($"{name}: swtpm {expected:X3}, simulator {actual:X3}, TPM 2.0 Part 3 {specified:X3}");
        }
    }

    /// <summary>Compares wrong variants of a command first, then the command itself, which must succeed.</summary>
    /// <param name="name">What the command is, for the report.</param>
    /// <param name="build">Makes the command for one side.</param>
    /// <param name="shape">The successful response; see <see cref="Shape"/>.</param>
    /// <param name="keep">Names under which the response's fields are kept, in order; empty ones are not.</param>
    public void Mutated(string name, Func<Side, TpmCommand> build, string shape = "", params string[] keep)
    {
        Wrong(name, build, shape);
        Good(name, build, shape, keep);
    }

    /// <summary>Compares wrong variants of a command, not the command itself.</summary>
    public void Wrong(string name, Func<Side, TpmCommand> build, string shape = "") =>
        Variants(name, shape, Mutations.All(build, build(Authority)));

    /// <summary>Compares a command with each octet of its parameters changed, within a range of them.</summary>
    /// <param name="name">What the command is, for the report.</param>
    /// <param name="build">Makes the command for one side.</param>
    /// <param name="shape">The successful response; see <see cref="Shape"/>.</param>
    /// <param name="from">The first octet.</param>
    /// <param name="to">The octet after the last.</param>
    /// <param name="except">Octets that become an algorithm which swtpm has and the simulator has not.</param>
    public void Octets(string name, Func<Side, TpmCommand> build, string shape, int from = 0, int to = int.MaxValue,
        params int[] except) => Variants(name, shape, Mutations.Octets(build, build(Authority), from, to, except));

    /// <summary>Compares one command, whatever becomes of it.</summary>
    /// <returns>The authority's response code.</returns>
    public uint Compare(string name, Func<Side, TpmCommand> build, string shape = "", params string[] keep)
    {
        byte[] expectedCommand = build(Authority).ToArray();
        byte[] expected = Authority.Tpm.Execute(expectedCommand);
        byte[] actualCommand = build(Subject).ToArray();
        byte[] actual = Subject.Tpm.Execute(actualCommand);
        Compared++;
        uint expectedCode = Code(expected);
        uint actualCode = Code(actual);
        _codes[expectedCode] = _codes.GetValueOrDefault(expectedCode) + 1;
        if (expectedCode != actualCode)
        {
            Differ(name, $"swtpm {expectedCode:X3}, simulator {actualCode:X3}", actualCommand);
        }
        else if (expectedCode != 0 && !expected.AsSpan().SequenceEqual(actual))
        {
            Differ(name, $"swtpm {Convert.ToHexString(expected)}, simulator {Convert.ToHexString(actual)}",
                actualCommand);
        }

        string? left = expectedCode == 0 ? Keep(Authority, shape, expected, keep, name) : null;
        string? right = actualCode == 0 ? Keep(Subject, shape, actual, keep, name) : null;
        if (left is not null && right is not null && left != right)
        {
            Differ(name, $"\n  swtpm     {left}\n  simulator {right}", actualCommand);
        }

        return expectedCode;
    }

    /// <summary>Fails with all differences; tells how many commands were compared.</summary>
    public void AssertSame(int atLeast)
    {
        string codes = string.Join(" ", _codes.Select(entry => $"{entry.Key:X3}x{entry.Value}"));
        TestContext.Current.TestOutputHelper?.WriteLine($"compared {Compared} commands: {codes}");
        TestContext.Current.TestOutputHelper?.WriteLine("swtpm accepts: " + string.Join("; ", _accepted));
        Assert.True(_differences.Count == 0,
            $"{_differences.Count} of {Compared} differ:\n" + string.Join("\n", _differences));
        Assert.InRange(Compared, atLeast, int.MaxValue);
    }

    private void Variants(string name, string shape, IEnumerable<(string Name, Func<Side, TpmCommand> Build)> variants)
    {
        foreach ((string Name, Func<Side, TpmCommand> Build) variant in variants)
        {
            bool returnsHandle = shape.StartsWith('H');
            uint code = Compare($"{name}, {variant.Name}", variant.Build, shape, returnsHandle ? ["variant"] : []);
            if (code == 0)
            {
                _accepted.Add($"{name}, {variant.Name}");
            }

            if (code == 0 && returnsHandle)
            {
                // What was made by accident must not take the place of what the test makes.
                Authority.Tpm.Execute(new TpmCommand(0x165).U32(Authority.Handle("variant")).ToArray());
                Subject.Tpm.Execute(new TpmCommand(0x165).U32(Subject.Handle("variant")).ToArray());
            }
        }
    }

    private static uint Code(byte[] response)
    {
        Assert.InRange(response.Length, 10, 4096);
        Assert.Equal(response.Length, BinaryPrimitives.ReadInt32BigEndian(response.AsSpan(2)));
        return BinaryPrimitives.ReadUInt32BigEndian(response.AsSpan(6));
    }

    private string? Keep(Side side, string shape, byte[] response, string[] keep, string name)
    {
        try
        {
            (string comparable, List<byte[]> fields) = Shape.Read(shape, response);
            for (int i = 0; i < keep.Length; i++)
            {
                side[keep[i]] = fields[i];
            }

            return $"{BinaryPrimitives.ReadUInt16BigEndian(response):X4} {comparable}";
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or Xunit.Sdk.XunitException)
        {
            string which = side == Authority ? "swtpm" : "the simulator";
            _differences.Add($"{name}: {which}'s response is not {shape}: {Convert.ToHexString(response)}");
            return null;
        }
    }

    private void Differ(string name, string difference, byte[] command)
    {
        string hex = Convert.ToHexString(command);
        _differences.Add($"{name}: {difference}  [{(hex.Length > 400 ? hex[..400] + "..." : hex)}]");
    }
}
