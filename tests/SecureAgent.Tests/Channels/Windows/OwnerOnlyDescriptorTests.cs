using SecureAgent.Channels.Windows;
using static SecureAgent.Tests.Channels.Windows.ManagedAccessCheck;

namespace SecureAgent.Tests.Channels.Windows;

public sealed class OwnerOnlyDescriptorTests
{
    private const string Me = "S-1-5-21-1-2-3-1001";
    private const string Everyone = "S-1-1-0";
    private const string Network = "S-1-5-2";
    private const string Administrators = "S-1-5-32-544";

    private const int Low = 0x1000;
    private const int Medium = 0x2000;
    private const int High = 0x3000;

    private const uint FileRead = 0x1;
    private const uint FileWrite = 0x2;
    private const uint FileCreatePipeInstance = 0x4;
    private const uint MapWrite = 0x2;
    private const uint MapRead = 0x4;

    private static readonly Dictionary<string, Subject> Subjects = new()
    {
        ["self"] = new(Me, Medium, Everyone),
        ["self, elevated"] = new(Me, High, Everyone, Administrators),
        ["self from network"] = new(Me, High, Everyone, Network),
        ["other user"] = new("S-1-5-21-1-2-3-1002", Medium, Everyone),
        ["administrator"] = new("S-1-5-21-1-2-3-500", High, Everyone, Administrators),
        ["low integrity"] = new(Me, Low, Everyone),
        ["system"] = new("S-1-5-18", 0x4000, Everyone, Administrators),
    };

    [Theory]
    [InlineData("self", true, true)]
    [InlineData("self, elevated", true, true)]
    [InlineData("self from network", false, false)]
    [InlineData("other user", false, false)]
    [InlineData("administrator", false, false)]
    [InlineData("low integrity", false, false)]
    [InlineData("system", true, true)]
    public void Pipe_lets_in(string who, bool mayRead, bool mayWrite)
    {
        string sddl = OwnerOnlyDescriptor.ForPipe(Me);
        Assert.Equal(mayRead, Allows(sddl, ObjectKind.File, Subjects[who], FileRead));
        Assert.Equal(mayWrite, Allows(sddl, ObjectKind.File, Subjects[who], FileWrite));
        Assert.Equal(mayWrite, Allows(sddl, ObjectKind.File, Subjects[who], FileRead | FileWrite));
        Assert.Equal(mayWrite, Allows(sddl, ObjectKind.File, Subjects[who], FileCreatePipeInstance));
    }

    // Either may be read over the network by its owner, who has logged on for that, and by his own processes of low
    // integrity, because nothing but a label forbids reading up.
    [Theory]
    [InlineData("self", true, true)]
    [InlineData("self, elevated", true, true)]
    [InlineData("self from network", true, true)]
    [InlineData("other user", false, false)]
    [InlineData("administrator", false, false)]
    [InlineData("low integrity", true, false)]
    [InlineData("system", true, true)]
    public void File_and_mapping_let_in(string who, bool mayRead, bool mayWrite)
    {
        string file = OwnerOnlyDescriptor.ForFile(Me);
        Assert.Equal(mayRead, Allows(file, ObjectKind.File, Subjects[who], FileRead));
        Assert.Equal(mayWrite, Allows(file, ObjectKind.File, Subjects[who], FileWrite));
        string mapping = OwnerOnlyDescriptor.ForObject(Me);
        Assert.Equal(mayRead, Allows(mapping, ObjectKind.Mapping, Subjects[who], MapRead));
        Assert.Equal(mayWrite, Allows(mapping, ObjectKind.Mapping, Subjects[who], MapWrite));
    }

    [Fact]
    public void Owner_is_always_the_user()
    {
        Assert.StartsWith($"O:{Me}G:", OwnerOnlyDescriptor.ForPipe(Me), StringComparison.Ordinal);
        Assert.StartsWith($"O:{Me}G:", OwnerOnlyDescriptor.ForFile(Me), StringComparison.Ordinal);
        Assert.StartsWith($"O:{Me}G:", OwnerOnlyDescriptor.ForObject(Me), StringComparison.Ordinal);
    }

    [Fact]
    public void Check_sees_a_denial_that_comes_too_late_and_what_the_others_grant()
    {
        string late = $"O:{Me}G:{Me}D:P(A;;GA;;;{Me})(D;;GA;;;NU)";
        Assert.True(Allows(late, ObjectKind.File, Subjects["self from network"], FileWrite));

        // The pipe of Win32-OpenSSH (contrib/win32/win32compat/ssh-agent/agent.c).
        const string Theirs = "O:SYG:SYD:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;0x12019b;;;AU)";
        Subject other = new("S-1-5-21-1-2-3-1002", Medium, "S-1-5-11");
        Assert.True(Allows(Theirs, ObjectKind.File, other, FileRead | FileWrite));
        Assert.False(Allows(Theirs, ObjectKind.File, other, FileCreatePipeInstance));
    }
}
