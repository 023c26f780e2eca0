using System.Runtime.Versioning;
using SecureAgent.Channels.Pageant;

namespace SecureAgent.Tests.Channels.Pageant;

public sealed class PageantPipeNameTests
{
    private const string Prefix = @"\\.\pipe\pageant.";

    [Fact]
    public void Name_is_the_user_and_the_hash_of_an_SSH_string_of_the_encrypted_block()
    {
        string name = PageantPipeName.Derive("mary", block =>
        {
            Assert.Equal("Pageant\0\0\0\0\0\0\0\0\0"u8.ToArray(), block.ToArray());
            for (int i = 0; i < block.Length; i++)
            {
                block[i] ^= (byte)(0xA0 + i);
            }
        });

        // printf '\0\0\0\020\360\300\305\306\305\313\322\247\250\251\252\253\254\255\256\257' | sha256sum
        Assert.Equal(Prefix + "mary.1fdfbdef43dc58c5f6b275838365865badff61c6b98d9619fe878a31804e4bff", name);
    }

    [Fact]
    public void Name_without_encryption_is_that_of_the_plain_block()
    {
        // Under Wine CryptProtectMemory succeeds and changes nothing, so that PuTTY computes this there:
        // printf '\0\0\0\020Pageant\0\0\0\0\0\0\0\0\0' | sha256sum
        Assert.Equal(
            Prefix + "mary.2e9e7389b30cd8240bf15518e9a228d6537dc38d64b2070a189ca2fe5452d492",
            PageantPipeName.Derive("mary", _ => { }));
    }

    [Theory]
    [InlineData("mary@corp.example.com", "CORP-mary", "mary")]
    [InlineData("m.a@b@c", "x", "m.a")]
    [InlineData("mary", "x", "mary")]
    [InlineData(null, "mary", "mary")]
    public void User_is_the_principal_up_to_its_at_or_the_account(string? principal, string account, string user) =>
        Assert.Equal(user, PageantPipeName.UserNameOf(principal, account));

    [Fact]
    [SupportedOSPlatform("windows")]
    public void Block_is_encrypted_for_all_processes_of_the_user()
    {
        Requires.Windows("CryptProtectMemory");
        List<(int Length, uint Size, uint Flags)> calls = [];
        string name = PageantPipeName.OfCurrentUser((block, size, flags) =>
        {
            calls.Add((block.Length, size, flags));
            return false;
        });
        Assert.Equal([(16, 16u, 1u)], calls); // CRYPTPROTECTMEMORY_CROSS_PROCESS.
        Assert.StartsWith(Prefix + Environment.UserName, name, StringComparison.OrdinalIgnoreCase);

        // The same twice, as a client and a server compute it.
        Assert.Equal(PageantPipeName.OfCurrentUser(), PageantPipeName.OfCurrentUser());
    }
}
