using SecureAgent.HwSim.Tpm;

namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>The same command bytes to swtpm, which is the authority, and to the simulator.</summary>
public sealed class DifferentialTests
{
    private static readonly Dictionary<string, (Action<Pair> Run, int AtLeast)> Chapters = new()
    {
        ["basics"] = (BasicChapter.Run, 250),
        ["pcrs"] = (PcrChapter.Run, 550),
        ["attestation"] = (AttestChapter.Run, 400),
        ["hierarchies"] = (HierarchyChapter.Run, 300),
        ["sessions"] = (SessionChapter.Run, 550),
        ["authorization"] = (AuthorizationChapter.Run, 50),
        ["nv"] = (NvChapter.Run, 800),
        ["objects"] = (ObjectChapter.Run, 1300),
        ["rsa"] = (RsaChapter.Run, 350),
        ["moving"] = (MovingChapter.Run, 600),
    };

    public static TheoryData<string> Names => [.. Chapters.Keys];

    // The issue asks for 500; what is compared beyond must not shrink unnoticed either.
    [Fact]
    public void At_least_500_command_buffers_are_compared() =>
        Assert.InRange(Chapters.Values.Sum(chapter => chapter.AtLeast), 500, int.MaxValue);

    [Theory]
    [MemberData(nameof(Names))]
    public void Simulator_answers_as_swtpm_does(string chapter)
    {
        using Swtpm authority = new();
        TpmSimulator simulator = new(new TpmSimulatorOptions { StartupClear = true });
        simulator.PowerOn();
        Pair pair = new(authority, simulator);
        Chapters[chapter].Run(pair);
        pair.AssertSame(Chapters[chapter].AtLeast);
    }
}
