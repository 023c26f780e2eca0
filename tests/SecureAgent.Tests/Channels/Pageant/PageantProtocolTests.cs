using System.Text;
using SecureAgent.Channels.Pageant;

namespace SecureAgent.Tests.Channels.Pageant;

public sealed class PageantProtocolTests
{
    private const string User = "S-1-5-21-1-2-3-1001";
    private const string Administrators = "S-1-5-32-544";

    [Theory]
    [InlineData("PageantRequest00001234\0", true)]
    [InlineData("WSLPageantRequest\0", true)]
    [InlineData("x\0", true)]
    [InlineData("", false)]
    [InlineData("\0", false)]
    [InlineData("PageantRequest00001234", false)]
    [InlineData("Pageant\0Request\0", false)]
    public void Mapping_name_is_anything_that_ends_with_its_only_nul(string data, bool isName) =>
        Assert.Equal(isName, PageantProtocol.IsMappingName(Encoding.ASCII.GetBytes(data)));

    [Fact]
    public void Mapping_name_has_at_most_260_bytes()
    {
        Assert.True(PageantProtocol.IsMappingName(Encoding.ASCII.GetBytes(new string('x', 259) + '\0')));
        Assert.False(PageantProtocol.IsMappingName(Encoding.ASCII.GetBytes(new string('x', 260) + '\0')));
    }

    [Theory]
    [InlineData(User, User, true)]
    [InlineData(User, Administrators, true)]
    [InlineData(Administrators, Administrators, true)]
    [InlineData(Administrators, User, false)]
    [InlineData("S-1-5-21-1-2-3-1002", User, false)]
    [InlineData("S-1-5-18", Administrators, false)]
    [InlineData(null, User, false)]
    public void Mapping_belongs_to_the_user_or_to_the_default_owner_of_this_process(
        string? owner, string defaultOwner, bool isTrusted) =>
        Assert.Equal(isTrusted, PageantProtocol.IsTrustedOwner(owner, User, defaultOwner));

    [Theory]
    [InlineData(5, 0u, false)]
    [InlineData(5, 1u, true)]
    [InlineData(5, 2u, false)]
    [InlineData(8192, 8188u, true)]
    [InlineData(8192, 8189u, false)]
    [InlineData(8192, 0xFFFFFFFFu, false)]
    [InlineData(0x1_0000_0000, 262144u, true)]
    [InlineData(0x1_0000_0000, 262145u, false)]
    [InlineData(0x1_0000_0000, 0xFFFFFFFFu, false)]
    public void Message_lies_within_its_mapping_and_within_the_protocols_limit(long size, uint length, bool fits) =>
        Assert.Equal(fits, PageantProtocol.CanHold(size, length));
}
