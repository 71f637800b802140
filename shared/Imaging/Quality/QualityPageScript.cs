namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>Script of the page; everything is readable without it.</summary>
internal static class QualityPageScript
{
    public const string Script = """
        (function(){
        var root=document.documentElement,list=document.getElementById('cases'),rows=document.querySelector('.overview tbody');
        root.classList.add('scripted');
        var cases=[].slice.call(list.querySelectorAll('.case')),find=document.getElementById('find'),show=document.getElementById('show'),order=document.getElementById('order'),count=document.getElementById('count');
        var row={};[].forEach.call(rows.rows,function(r){row[r.dataset.case]=r});
        function number(e,k,none){var v=e.dataset[k];return v===undefined?none:+v}
        var by={given:function(a,b){return cases.indexOf(a)-cases.indexOf(b)},name:function(a,b){return a.dataset.name<b.dataset.name?-1:1},dice:function(a,b){return number(a,'dice',2)-number(b,'dice',2)},shift:function(a,b){return number(b,'shift',-1)-number(a,'shift',-1)},nmi:function(a,b){return number(a,'nmi',3)-number(b,'nmi',3)}};
        function update(){
        var text=find.value.toLowerCase(),shown=0;
        cases.slice().sort(by[order.value]).forEach(function(c){list.appendChild(c);if(row[c.id])rows.appendChild(row[c.id])});
        cases.forEach(function(c){var ok=c.dataset.name.toLowerCase().indexOf(text)>=0&&(show.value==='all'||(show.value==='warned'?+c.dataset.warnings>0:c.dataset.usable===(show.value==='usable'?'true':'false')));c.hidden=!ok;if(row[c.id])row[c.id].hidden=!ok;shown+=ok?1:0});
        count.textContent=shown+' of '+cases.length+' cases';
        }
        [find,show,order].forEach(function(e){e.addEventListener('input',update);e.addEventListener('change',update)});update();
        })();
        """;
}
