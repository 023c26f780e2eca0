using System.Buffers;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Core;

public sealed class FittedAnswerTests
{
    private const int HeaderSizeBytes = 5;

    private static readonly (KeyBlob Blob, string Comment)[] Identities =
    [
        (Blob("ssh-ed25519", 40), "first"),
        (Blob("ssh-ed25519-cert-v01@openssh.com", 300), "first's certificate"),
        (Blob("ecdsa-sha2-nistp256", 100), "second"),
        (Blob("ecdsa-sha2-nistp256-cert-v01@openssh.com", 300), "second's certificate"),
        (Blob("ssh-rsa", 500), "third"),
    ];

    [Fact]
    public void What_fits_is_left_as_it_is()
    {
        byte[] list = List(Identities);
        FittedAnswer fitted = FittedAnswer.Fit(list, list.Length);
        Assert.Equal(list, fitted.Message);
        Assert.Equal((5, 5), (fitted.Listed, fitted.Kept));
        byte[] other = [6];
        Assert.Equal(other, FittedAnswer.Fit(other, 1).Message);
    }

    [Fact]
    public void List_loses_its_last_certificate_first()
    {
        FittedAnswer fitted = FittedAnswer.Fit(List(Identities), List(Identities).Length - 1);
        Assert.Equal(["first", "first's certificate", "second", "third"], Comments(fitted));
        Assert.Equal((5, 4), (fitted.Listed, fitted.Kept));
    }

    [Fact]
    public void List_loses_all_certificates_before_a_key_and_then_the_last_key()
    {
        int keys = List(Identities[0], Identities[2], Identities[4]).Length;
        Assert.Equal(["first", "second", "third"], Comments(FittedAnswer.Fit(List(Identities), keys)));
        Assert.Equal(["first", "second"], Comments(FittedAnswer.Fit(List(Identities), keys - 1)));
        Assert.Equal(["first"], Comments(FittedAnswer.Fit(List(Identities), List(Identities[0]).Length)));
    }

    [Fact]
    public void Every_size_gets_a_whole_answer_that_fits()
    {
        byte[] list = List(Identities);
        for (int size = 1; size <= list.Length; size++)
        {
            FittedAnswer fitted = FittedAnswer.Fit(list, size);
            Assert.InRange(fitted.Message.Length, 1, size);
            if (size < HeaderSizeBytes)
            {
                Assert.Equal(AgentMessageType.SSH_AGENT_FAILURE, AgentResponse.TypeOf(fitted.Message));
            }
            else
            {
                Assert.Equal(fitted.Kept, AgentResponse.DecodeIdentities(fitted.Message).Count);
            }
        }
    }

    [Fact]
    public void Other_answer_that_does_not_fit_and_a_broken_list_become_a_failure()
    {
        byte[] signature = [14, 0, 0, 0, 3, 1, 2, 3];
        byte[] broken = [12, 0, 0, 0, 9, 0, 0, 0, 1, 7];
        foreach (byte[] answer in new[] { signature, broken })
        {
            FittedAnswer fitted = FittedAnswer.Fit(answer, answer.Length - 1);
            Assert.Equal([5], fitted.Message.ToArray());
            Assert.Equal((0, 0), (fitted.Listed, fitted.Kept));
        }
    }

    private static string[] Comments(FittedAnswer fitted) =>
        [.. AgentResponse.DecodeIdentities(fitted.Message).Select(identity => identity.Comment)];

    private static byte[] List(params (KeyBlob Blob, string Comment)[] identities)
    {
        ArrayBufferWriter<byte> output = new();
        AgentResponse.WriteIdentitiesHeader(output, identities.Length);
        foreach ((KeyBlob blob, string comment) in identities)
        {
            AgentResponse.WriteIdentity(output, blob, comment);
        }

        return output.WrittenSpan.ToArray();
    }

    private static KeyBlob Blob(string type, int rest)
    {
        ArrayBufferWriter<byte> output = new();
        WireWriter writer = new(output);
        writer.WriteUtf8(type);
        writer.WriteString(new byte[rest]);
        return new KeyBlob(output.WrittenSpan.ToArray());
    }
}
