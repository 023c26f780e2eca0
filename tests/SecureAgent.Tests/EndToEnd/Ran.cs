namespace SecureAgent.Tests.EndToEnd;

/// <summary>What a program did.</summary>
internal sealed record Ran(string Command, int ExitCode, string Output, string Error)
{
    /// <summary>Fails the test with everything that the program said unless it ended with 0.</summary>
    public Ran Succeeded() => ExitedWith(0);

    /// <summary>Fails the test with everything that the program said unless it ended with
    /// <paramref name="code"/>.</summary>
    public Ran ExitedWith(int code)
    {
        Assert.True(ExitCode == code, $"expected exit code {code}: {this}");
        return this;
    }

    public override string ToString() => $"{Command}\nended with {ExitCode}\n--- output\n{Output}\n--- error\n{Error}";
}
