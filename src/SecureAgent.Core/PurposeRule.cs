using System.Diagnostics.CodeAnalysis;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>One kind of payload that a key may sign. Written <c>auth</c> (logins), <c>sshsig</c> (file signatures of
/// every namespace), <c>sshsig:NAMESPACE</c>, <c>ca</c> (certificates) or <c>unknown</c> (anything else).</summary>
public sealed class PurposeRule
{
    private readonly string _text;

    private PurposeRule(string text) => _text = text;

    /// <summary>Parses one rule.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out PurposeRule? rule)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool known = text is "auth" or "sshsig" or "ca" or "unknown"
            || (text.StartsWith("sshsig:", StringComparison.Ordinal) && text.Length > "sshsig:".Length);
        rule = known ? new PurposeRule(text) : null;
        return known;
    }

    /// <summary>Whether it allows <paramref name="payload"/>.</summary>
    public bool Allows(SignedPayload payload) => payload switch
    {
        SignedPayload.UserAuthentication => _text == "auth",
        SignedPayload.SshSignature file => _text == "sshsig" || _text == "sshsig:" + file.Namespace,
        SignedPayload.CertificateToBeSigned => _text == "ca",
        _ => _text == "unknown",
    };

    /// <summary>The rule as it is written.</summary>
    public override string ToString() => _text;
}
