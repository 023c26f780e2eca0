namespace SecureAgent.Tests.EndToEnd;

/// <summary>What an end-to-end test cannot do without.</summary>
internal static class Needs
{
    /// <summary>Ends the test unless this is Linux with every one of <paramref name="tools"/>.</summary>
    public static void LinuxWith(params string[] tools)
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("Drives the Linux program over Unix sockets.");
        }

        foreach (string tool in tools)
        {
            Requires.Tool(tool);
        }
    }

    /// <summary>Ends the test unless the programs for an agent of that kind are there.</summary>
    public static void Agent(AgentKind kind)
    {
        LinuxWith("ssh-keygen", "ssh-add");
        if (kind == AgentKind.Swtpm)
        {
            Requires.Tool("swtpm");
        }
    }
}
