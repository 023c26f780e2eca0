using System.Drawing;
using System.Runtime.Versioning;

namespace SecureAgent.Cli.Desktop;

/// <summary>The font that Windows uses for messages, in the size that the person chose.</summary>
[SupportedOSPlatform("windows")]
internal sealed unsafe class SystemFont : IDisposable
{
    /// <summary>Creates it.</summary>
    public SystemFont()
    {
        User32.NONCLIENTMETRICSW metrics = new() { cbSize = (uint)sizeof(User32.NONCLIENTMETRICSW) };
        _ = User32.GetNonClientMetrics(User32.SPI_GETNONCLIENTMETRICS, metrics.cbSize, ref metrics, 0);
        Handle = Gdi32.CreateFontIndirectW(in metrics.lfMessageFont);
        Line = Measure("Xg", int.MaxValue).Height;
    }

    /// <summary>HFONT.</summary>
    public nint Handle { get; }

    /// <summary>Height of a line in pixels.</summary>
    public int Line { get; }

    /// <summary>What <paramref name="text"/> needs when it is broken into lines, words that are too long too.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="width">The widest line, in pixels.</param>
    public Size Measure(string text, int width)
    {
        User32.RECT rectangle = new() { right = width };
        nint screen = User32.GetDC(0);
        nint before = Gdi32.SelectObject(screen, Handle);
        _ = User32.DrawTextW(screen, text, text.Length, ref rectangle,
            User32.DT_CALCRECT | User32.DT_WORDBREAK | User32.DT_EDITCONTROL | User32.DT_NOPREFIX);
        _ = Gdi32.SelectObject(screen, before);
        _ = User32.ReleaseDC(0, screen);
        return new Size(rectangle.right, rectangle.bottom);
    }

    /// <summary>Deletes the font; no window may use it any more.</summary>
    public void Dispose() => _ = Gdi32.DeleteObject(Handle);
}
