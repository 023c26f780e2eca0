using SecureAgent.Cli.Desktop;

namespace SecureAgent.Tests.Cli.Desktop;

public sealed class TrayImageTests
{
    [Theory]
    [InlineData(16)]
    [InlineData(20)]
    [InlineData(48)]
    public void The_key_has_its_size_a_clear_corner_and_another_colour_when_locked(int size)
    {
        byte[] open = TrayImage.Draw(size, isLocked: false);
        byte[] locked = TrayImage.Draw(size, isLocked: true);
        Assert.Equal(size * size * 4, open.Length);
        Assert.Equal(0u, BitConverter.ToUInt32(open));
        Assert.NotEqual(open, locked);
        // Something to see, and something to see through: the hole of the ring too.
        int drawn = Enumerable.Range(0, size * size).Count(pixel => open[(pixel * 4) + 3] == 255);
        Assert.InRange(drawn, size * size / 5, size * size * 3 / 5);
        int hole = ((size / 2 * size) + (size * 5 / 16)) * 4;
        Assert.Equal(0, open[hole + 3]);
    }
}
