namespace SecureAgent.Cli.Desktop;

/// <summary>One line of the tray menu.</summary>
/// <param name="Text">As Windows wants it: <c>&amp;&amp;</c> is an ampersand; empty for a line between groups.</param>
/// <param name="Command">What choosing it does.</param>
internal sealed record TrayItem(string Text, TrayCommand Command);
