using System.Drawing;

namespace SecureAgent.Cli.Desktop;

/// <summary>Where the parts of a prompt stand, in pixels of its client area, all measured in lines of the system's
/// font.</summary>
/// <param name="Text">The question.</param>
/// <param name="Field">Where the answer is typed; empty without one.</param>
/// <param name="Accept">The button that says yes.</param>
/// <param name="Decline">The button that says no.</param>
/// <param name="Client">The whole.</param>
internal sealed record DialogLayout(Rectangle Text, Rectangle Field, Rectangle Accept, Rectangle Decline, Size Client)
{
    /// <summary>How wide a question may become before it is broken into lines: about 70 characters.</summary>
    /// <param name="line">Height of a line of text.</param>
    public static int TextWidth(int line) => 30 * line;

    /// <summary>Margin around a text.</summary>
    /// <param name="line">Height of a line of text.</param>
    public static int Margin(int line) => line;

    /// <summary>Puts the parts below each other.</summary>
    /// <param name="text">What the question needs.</param>
    /// <param name="line">Height of a line of text.</param>
    /// <param name="hasField">Whether an answer is typed.</param>
    public static DialogLayout Of(Size text, int line, bool hasField)
    {
        int margin = Margin(line);
        // The same width for all prompts: where a button is does not depend on what a client writes.
        int width = TextWidth(line);
        Rectangle question = new(margin, margin, width, text.Height);
        int top = question.Bottom + (margin / 2);
        Rectangle field = hasField ? new Rectangle(margin, top, width, line * 3 / 2) : Rectangle.Empty;
        top = (hasField ? field.Bottom : question.Bottom) + margin;
        Size button = new(line * 6, line * 7 / 4);
        Rectangle decline = new(new Point(margin + width - button.Width, top), button);
        Rectangle accept = decline with { X = decline.X - (margin / 2) - button.Width };
        return new DialogLayout(
            question, field, accept, decline, new Size(width + (2 * margin), decline.Bottom + margin));
    }
}
