using System.Drawing;
using SecureAgent.Cli.Desktop;

namespace SecureAgent.Tests.Cli.Desktop;

public sealed class DialogLayoutTests
{
    [Theory]
    [InlineData(13, true)]
    [InlineData(13, false)]
    [InlineData(40, true)]
    public void Parts_stand_inside_the_dialog_and_do_not_overlap(int line, bool hasField)
    {
        DialogLayout layout = DialogLayout.Of(new Size(100, 6 * line), line, hasField);
        List<Rectangle> parts = [layout.Text, layout.Accept, layout.Decline];
        if (hasField)
        {
            parts.Add(layout.Field);
        }

        Assert.All(parts, part => Assert.True(new Rectangle(Point.Empty, layout.Client).Contains(part)));
        Assert.All(parts, part => Assert.DoesNotContain(parts, other => other != part && other.IntersectsWith(part)));
        Assert.All(parts, part => Assert.True(part.Height >= line));
        Assert.Equal(hasField, !layout.Field.IsEmpty);
    }

    [Fact]
    public void Buttons_stand_where_they_do_in_every_prompt_of_as_many_lines()
    {
        DialogLayout narrow = DialogLayout.Of(new Size(10, 60), 20, hasField: false);
        DialogLayout wide = DialogLayout.Of(new Size(DialogLayout.TextWidth(20), 60), 20, hasField: false);
        Assert.Equal((narrow.Accept, narrow.Decline), (wide.Accept, wide.Decline));
    }
}
