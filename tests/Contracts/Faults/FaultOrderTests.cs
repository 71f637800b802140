using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Faults;

namespace BrainMVP.Federated.Contracts.Tests.Faults;

public sealed class FaultOrderTests
{
    [Theory]
    [InlineData("aggregator@round=1,step=sum")]
    [InlineData("aggregator@round=3,step=commit,at=before,clock=+60m")]
    [InlineData("silo:2@round=1,step=upload,clock=-90m")]
    [InlineData("postgres@round=1,step=report,at=before")]
    [InlineData("agent:2@round=2,step=open")]
    [InlineData("silo:1@round=2,step=commit,at=before,by=term")]
    [InlineData("trainer:1@round=1,step=train")]
    [InlineData("network:3@round=1,step=upload,for=20,stall=50")]
    public void An_order_is_written_as_it_is_read(string text) => Assert.Equal(text, FaultOrder.Parse(text).ToString());

    [Theory]
    [InlineData("", "none of")]
    [InlineData("site:1@round=1,step=open", "none of")]
    [InlineData("agent@round=1,step=open", "whole number")]
    [InlineData("aggregator:1@round=1,step=open", "only one")]
    [InlineData("agent:1@step=open", "round")]
    [InlineData("agent:1@round=0,step=open", "round")]
    [InlineData("agent:1@round=1", "step")]
    [InlineData("agent:1@round=1,step=publish", "publish")]
    [InlineData("trainer:1@round=1,step=upload", "upload")]
    [InlineData("agent:1@round=1,step=open,at=before", "at=before")]
    [InlineData("aggregator@round=1,step=upload,at=before", "upload")]
    [InlineData("trainer:1@round=1,step=train,clock=+1h", "clock")]
    [InlineData("trainer:1@round=1,step=train,by=term", "by=term")]
    [InlineData("agent:1@round=1,step=train,by=magic", "magic")]
    [InlineData("aggregator@round=1,step=open,clock=tomorrow", "tomorrow")]
    [InlineData("agent:1@round=1,step=open,for=10,stall=120", "stall")]
    [InlineData("agent:1@round=1,round=2,step=open", "twice")]
    [InlineData("agent:1@round=1,step=open,colour=red", "colour")]
    public void A_wrong_order_is_refused_with_what_is_wrong_and_an_example(string text, string mention)
    {
        var e = Assert.Throws<FederationException>(() => FaultOrder.Parse(text));
        Assert.Equal(ErrorCatalogue.ArgumentInvalid, e.Code);
        Assert.Contains(mention, e.Message, StringComparison.Ordinal);
        Assert.Contains("--fault aggregator@round=1,step=sum", e.Message, StringComparison.Ordinal);
    }
}
