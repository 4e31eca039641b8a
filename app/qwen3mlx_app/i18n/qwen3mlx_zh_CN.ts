<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>AboutSheet</name>
    <message>
        <source>Qwen3 on your own computer. The app is under the Apache License 2.0, and each part below under its own; Qt and PySide6 are used under the LGPL 3.</source>
        <translation>在你自己的电脑上运行 Qwen3。本 App 采用 Apache License 2.0 许可证，下列组件采用各自的许可证；Qt 和 PySide6 按 LGPL 3 使用。</translation>
    </message>
    <message>
        <source>About qwen3mlx</source>
        <translation>关于 qwen3mlx</translation>
    </message>
    <message>
        <source>Parts and their licenses</source>
        <translation>组件及其许可证</translation>
    </message>
</context>
<context>
    <name>AccessGroup</name>
    <message>
        <source>Port</source>
        <translation>端口</translation>
    </message>
    <message>
        <source>0 to 65535; 0 picks a free one. Only this computer can reach the server.</source>
        <translation>0 到 65535，0 表示自动选择空闲端口。只有这台电脑可以访问服务器。</translation>
    </message>
    <message>
        <source>Allowed origins</source>
        <translation>允许的来源</translation>
    </message>
    <message>
        <source>Web pages that may call the server, comma-separated. All others are refused.</source>
        <translation>可以调用服务器的网页，以英文逗号分隔。其他网页会被拒绝。</translation>
    </message>
</context>
<context>
    <name>AddServer</name>
    <message>
        <source>Add</source>
        <translation>添加</translation>
    </message>
    <message>
        <source>Add server</source>
        <translation>添加服务器</translation>
    </message>
    <message>
        <source>Text of an mcp.json</source>
        <translation>mcp.json 的内容</translation>
    </message>
    <message>
        <source>Add from Text</source>
        <translation>从文本添加</translation>
    </message>
    <message>
        <source>Show mcp.json</source>
        <translation>显示 mcp.json</translation>
    </message>
    <message>
        <source>You can change it in an editor: it is read again whenever it changes.</source>
        <translation>可以用编辑器修改：文件一有变化就会重新读取。</translation>
    </message>
    <message>
        <source>Or paste an mcp.json, as other apps have it and servers describe it.</source>
        <translation>也可以粘贴 mcp.json：其他 App 使用它，服务器的说明中也有它。</translation>
    </message>
    <message>
        <source>Enter a name.</source>
        <translation>请输入名称。</translation>
    </message>
    <message>
        <source>There is a server {name} already: choose another name, or remove it.</source>
        <translation>已有名为 {name} 的服务器：请换一个名称，或先移除它。</translation>
    </message>
    <message>
        <source>Added: {names}.</source>
        <translation>已添加：{names}。</translation>
    </message>
</context>
<context>
    <name>AnswerState</name>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Stopped before the answer began.</source>
        <translation>在回答开始前已停止。</translation>
    </message>
    <message>
        <source>The length limit was reached before the answer began.</source>
        <translation>在回答开始前已达长度上限。</translation>
    </message>
    <message>
        <source>The model ended without an answer.</source>
        <translation>模型没有给出回答就结束了。</translation>
    </message>
    <message>
        <source>Waiting for the server…</source>
        <translation>正在等待服务器…</translation>
    </message>
    <message>
        <source>Loading {model}… {percent}%</source>
        <translation>正在载入 {model}… {percent}%</translation>
    </message>
    <message>
        <source>Queued…</source>
        <translation>排队中…</translation>
    </message>
    <message>
        <source>Reading the prompt… {done} of {total} tokens</source>
        <translation>正在读取提示词… {done} / {total} 个词元</translation>
    </message>
    <message>
        <source>Waiting for you…</source>
        <translation>等待你的确认…</translation>
    </message>
    <message>
        <source>Using tools…</source>
        <translation>正在使用工具…</translation>
    </message>
    <message>
        <source>Writing…</source>
        <translation>正在回答…</translation>
    </message>
    <message>
        <source>{rate} tokens/s</source>
        <translation>{rate} 词元/秒</translation>
    </message>
</context>
<context>
    <name>AttachmentChips</name>
    <message>
        <source>Attachments</source>
        <translation>附件</translation>
    </message>
    <message>
        <source>reading…</source>
        <translation>正在读取…</translation>
    </message>
    <message>
        <source>{count} tokens</source>
        <translation>{count} 个词元</translation>
    </message>
    <message>
        <source>more than fits</source>
        <translation>超出上下文</translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation>移除 {name}</translation>
    </message>
</context>
<context>
    <name>BuiltInSwitches</name>
    <message>
        <source>Read web pages</source>
        <translation>读取网页</translation>
    </message>
    <message>
        <source>Pages of the public web, as text. A page can ask the model to send what it knows to another address: allow it once at a time where that matters.</source>
        <translation>以文本形式读取公共互联网上的网页。网页内容可能诱使模型把它知道的信息发送到别的地址：在意这一点时，请每次只允许一次。</translation>
    </message>
    <message>
        <source>Add…</source>
        <translation>添加…</translation>
    </message>
    <message>
        <source>Add Folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>Read files</source>
        <translation>读取文件</translation>
    </message>
    <message>
        <source>Lists, reads and searches text files in the folders that you add.</source>
        <translation>列出、读取和搜索你所添加的文件夹中的文本文件。</translation>
    </message>
    <message>
        <source>Run Python code</source>
        <translation>运行 Python 代码</translation>
    </message>
    <message>
        <source>In a sandbox of the system: without network and without your files.</source>
        <translation>在系统沙盒中运行：没有网络，也读不到你的文件。</translation>
    </message>
    <message>
        <source>This computer has no sandbox to run code in: install bubblewrap.</source>
        <translation>这台电脑没有可用来运行代码的沙盒：请安装 bubblewrap。</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation>移除 {name}</translation>
    </message>
    <message>
        <source>Choose a Folder That May Be Read</source>
        <translation>选择允许读取的文件夹</translation>
    </message>
</context>
<context>
    <name>CallCard</name>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Tool call: {name}</source>
        <translation>工具调用：{name}</translation>
    </message>
    <message>
        <source>{n} s</source>
        <translation>{n} 秒</translation>
    </message>
    <message>
        <source>Running… {time}</source>
        <translation>正在运行… {time}</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>denied</source>
        <translation>已拒绝</translation>
    </message>
    <message>
        <source>timed out</source>
        <translation>已超时</translation>
    </message>
</context>
<context>
    <name>CallQuestion</name>
    <message>
        <source>Allow {server} to run {tool} with these arguments?</source>
        <translation>允许 {server} 以这些参数运行 {tool} 吗？</translation>
    </message>
    <message>
        <source>Allow Once</source>
        <translation>允许一次</translation>
    </message>
    <message>
        <source>Always Allow</source>
        <translation>始终允许</translation>
    </message>
    <message>
        <source>Deny</source>
        <translation>拒绝</translation>
    </message>
</context>
<context>
    <name>ChatHeader</name>
    <message>
        <source>Show or hide the sidebar</source>
        <translation>显示或隐藏边栏</translation>
    </message>
    <message>
        <source>Conversation settings</source>
        <translation>对话设置</translation>
    </message>
</context>
<context>
    <name>ChatPage</name>
    <message>
        <source>Temporary Chat</source>
        <translation>临时对话</translation>
    </message>
</context>
<context>
    <name>ChatPanel</name>
    <message>
        <source>Sampling</source>
        <translation>采样</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>Thinking budget</source>
        <translation>思考预算</translation>
    </message>
    <message>
        <source>Conversation settings</source>
        <translation>对话设置</translation>
    </message>
    <message>
        <source>Reset to Model Defaults</source>
        <translation>恢复模型默认值</translation>
    </message>
    <message>
        <source>Save as preset…</source>
        <translation>存储为预设…</translation>
    </message>
    <message>
        <source>Delete preset</source>
        <translation>删除预设</translation>
    </message>
    <message>
        <source>The model&apos;s role, and how it should answer</source>
        <translation>模型的角色和回答方式</translation>
    </message>
    <message>
        <source>Thinking ends after this many tokens. The context holds {count}.</source>
        <translation>思考达到这么多词元后结束。上下文可容纳 {count} 个。</translation>
    </message>
    <message>
        <source>No limit</source>
        <translation>无限制</translation>
    </message>
    <message>
        <source>{count} tokens</source>
        <translation>{count} 个词元</translation>
    </message>
    <message>
        <source>Custom</source>
        <translation>自定</translation>
    </message>
    <message>
        <source>Save as Preset</source>
        <translation>存储为预设</translation>
    </message>
    <message>
        <source>Preset name</source>
        <translation>预设名称</translation>
    </message>
</context>
<context>
    <name>CodePart</name>
    <message>
        <source>Copy code</source>
        <translation>拷贝代码</translation>
    </message>
</context>
<context>
    <name>Commands</name>
    <message>
        <source>Import Conversations</source>
        <translation>导入对话</translation>
    </message>
    <message>
        <source>Exported Conversations (*.json *.zip)</source>
        <translation>导出的对话 (*.json *.zip)</translation>
    </message>
</context>
<context>
    <name>Composer</name>
    <message>
        <source>Ask Qwen…</source>
        <translation>向 Qwen 提问…</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>This model always thinks before answering</source>
        <translation>此模型始终先思考再回答</translation>
    </message>
    <message>
        <source>Set by /think or /no_think in the message</source>
        <translation>由消息中的 /think 或 /no_think 决定</translation>
    </message>
    <message>
        <source>This model does not support thinking</source>
        <translation>此模型不支持思考</translation>
    </message>
    <message>
        <source>{used} / {size}, too long</source>
        <translation>{used} / {size}，过长</translation>
    </message>
    <message>
        <source>{percent}% of {size}</source>
        <translation>{percent}% / {size}</translation>
    </message>
    <message>
        <source>{used} of {total} tokens</source>
        <translation>{used} / {total} 个词元</translation>
    </message>
    <message>
        <source>Attach files</source>
        <translation>添加附件</translation>
    </message>
    <message>
        <source>Too long for the model&apos;s context</source>
        <translation>超出了模型的上下文</translation>
    </message>
    <message>
        <source>Think</source>
        <translation>思考</translation>
    </message>
    <message>
        <source>{name} answers as well. Click to stop.</source>
        <translation>{name} 也会回答。点按可停止对比。</translation>
    </message>
    <message>
        <source>Stop comparing</source>
        <translation>停止对比</translation>
    </message>
    <message>
        <source>Ask Qwen… This chat is not saved.</source>
        <translation>向 Qwen 提问… 此对话不会保存。</translation>
    </message>
    <message>
        <source>Think before answering</source>
        <translation>回答前先思考</translation>
    </message>
    <message>
        <source>Attach text, code, PDF, or Word files</source>
        <translation>添加文本、代码、PDF 或 Word 文件</translation>
    </message>
    <message>
        <source>Context used</source>
        <translation>已用上下文</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
</context>
<context>
    <name>ConnectGroup</name>
    <message>
        <source>Client</source>
        <translation>客户端</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>拷贝</translation>
    </message>
    <message>
        <source>Copy snippet</source>
        <translation>拷贝示例代码</translation>
    </message>
    <message>
        <source>Snippet</source>
        <translation>示例代码</translation>
    </message>
</context>
<context>
    <name>ContextBar</name>
    <message>
        <source>Drop Oldest Messages</source>
        <translation>不再发送最早的消息</translation>
    </message>
    <message>
        <source>Summarize in New Conversation</source>
        <translation>在新对话中总结</translation>
    </message>
    <message>
        <source>Send All Again</source>
        <translation>重新发送全部</translation>
    </message>
    <message>
        <source>Load with {size} Context</source>
        <translation>以 {size} 上下文加载</translation>
    </message>
    <message>
        <source>The message is too long for the model: {used} of {total} tokens. Shorten it.</source>
        <translation>消息超出了模型的上下文：{used} / {total} 个词元。请缩短。</translation>
    </message>
    <message>
        <source>The conversation is too long for the model: {used} of {total} tokens, and none left for an answer.</source>
        <translation>对话超出了模型的上下文：已用 {used} / {total} 个词元，没有留给回答的空间。</translation>
    </message>
    <message>
        <source>The oldest message is not sent to the model.</source>
        <translation>最早的 1 条消息没有发送给模型。</translation>
    </message>
    <message>
        <source>The oldest {count} messages are not sent to the model.</source>
        <translation>最早的 {count} 条消息没有发送给模型。</translation>
    </message>
    <message>
        <source>more than {number}</source>
        <translation>超过 {number}</translation>
    </message>
</context>
<context>
    <name>CopyButton</name>
    <message>
        <source>Copied</source>
        <translation>已拷贝</translation>
    </message>
</context>
<context>
    <name>DownloadsButton</name>
    <message>
        <source>Downloads: {count}</source>
        <translation>下载：{count} 项</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失败</translation>
    </message>
</context>
<context>
    <name>DownloadsSheet</name>
    <message>
        <source>Get More Models</source>
        <translation>获取更多模型</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
    </message>
</context>
<context>
    <name>EditField</name>
    <message>
        <source>Edit message</source>
        <translation>编辑消息</translation>
    </message>
    <message>
        <source>Attach files</source>
        <translation>添加附件</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Cancel edit</source>
        <translation>取消编辑</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>存储</translation>
    </message>
</context>
<context>
    <name>EditServer</name>
    <message>
        <source>Edit {name}</source>
        <translation>编辑 {name}</translation>
    </message>
    <message>
        <source>Values are hidden. A line that you leave as it is keeps its value.</source>
        <translation>值已隐藏。未改动的行会保留原来的值。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>存储</translation>
    </message>
</context>
<context>
    <name>FindBar</name>
    <message>
        <source>Find in conversation</source>
        <translation>在对话中查找</translation>
    </message>
    <message>
        <source>Previous match</source>
        <translation>上一个匹配</translation>
    </message>
    <message>
        <source>Next match</source>
        <translation>下一个匹配</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>{number} of {count}</source>
        <translation>{number}/{count}</translation>
    </message>
    <message>
        <source>No matches</source>
        <translation>无匹配</translation>
    </message>
</context>
<context>
    <name>FindModels</name>
    <message>
        <source>Such as: coder 30b 4bit</source>
        <translation>例如：coder 30b 4bit</translation>
    </message>
    <message>
        <source>Search for models</source>
        <translation>搜索模型</translation>
    </message>
    <message>
        <source>Hub to search</source>
        <translation>要搜索的模型社区</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Search the hub</source>
        <translation>搜索该社区</translation>
    </message>
    <message>
        <source>Searching {hub}…</source>
        <translation>正在搜索 {hub}…</translation>
    </message>
    <message>
        <source>Nothing was found that can run here. Use fewer words, or another hub.</source>
        <translation>没有找到能在本机运行的模型。请减少关键词，或换一个社区。</translation>
    </message>
    <message>
        <source>Finds Qwen3 models that others have published. The words go to that hub.</source>
        <translation>查找他人发布的 Qwen3 模型。关键词会发送给该社区。</translation>
    </message>
</context>
<context>
    <name>FirstRun</name>
    <message>
        <source>Welcome</source>
        <translation>欢迎</translation>
    </message>
    <message>
        <source>Welcome to qwen3mlx</source>
        <translation>欢迎使用 qwen3mlx</translation>
    </message>
    <message>
        <source>Private</source>
        <translation>私密</translation>
    </message>
    <message>
        <source>Get Started</source>
        <translation>开始使用</translation>
    </message>
    <message>
        <source>Run Qwen3 on your own computer: chat here, or serve other apps.</source>
        <translation>在自己的电脑上运行 Qwen3：可以在这里对话，也可以为其他 App 提供服务。</translation>
    </message>
    <message>
        <source>What you write stays on this computer. Nothing is sent anywhere, and nothing is downloaded unless you ask.</source>
        <translation>你写的内容只留在这台电脑上，不会发送到任何地方。除非你要求，也不会下载任何内容。</translation>
    </message>
    <message>
        <source>Try the demo model</source>
        <translation>试试演示模型</translation>
    </message>
    <message>
        <source>It is tiny and shows how everything works: it counts letters, adds numbers, calls tools, and knows little else.</source>
        <translation>它非常小，用来演示各项功能：会数字母、做加法、调用工具，其他知道得很少。</translation>
    </message>
    <message>
        <source>Get a Qwen3 model</source>
        <translation>获取 Qwen3 模型</translation>
    </message>
    <message>
        <source>The Models page offers the one that suits this computer. Those in the Hugging Face cache and LM Studio&apos;s folder are found; drop others here.</source>
        <translation>“模型”页面会推荐适合这台电脑的模型。Hugging Face 缓存和 LM Studio 文件夹中的模型会自动显示；其他模型可拖到此处。</translation>
    </message>
    <message>
        <source>Open Models</source>
        <translation>打开“模型”</translation>
    </message>
    <message>
        <source>Try asking:</source>
        <translation>试着问问：</translation>
    </message>
    <message>
        <source>How many r&apos;s are in strawberry?</source>
        <translation>你能做什么？</translation>
    </message>
    <message>
        <source>What is 27 + 45?</source>
        <translation>27 + 45 = ?</translation>
    </message>
    <message>
        <source>Who are you?</source>
        <translation>你是谁？</translation>
    </message>
    <message>
        <source>Press {all} for all commands, {keys} for keyboard shortcuts.</source>
        <translation>按 {all} 查看所有命令，按 {keys} 查看键盘快捷键。</translation>
    </message>
</context>
<context>
    <name>Footer</name>
    <message>
        <source>Previous version</source>
        <translation>上一个版本</translation>
    </message>
    <message>
        <source>Next version</source>
        <translation>下一个版本</translation>
    </message>
    <message>
        <source>{rate} tokens/s</source>
        <translation>{rate} 词元/秒</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Copy Message</source>
        <translation>拷贝消息</translation>
    </message>
    <message>
        <source>edited</source>
        <translation>已编辑</translation>
    </message>
    <message>
        <source>Copy as Markdown</source>
        <translation>拷贝为 Markdown</translation>
    </message>
    <message>
        <source>Copy as Rich Text</source>
        <translation>拷贝为富文本</translation>
    </message>
    <message>
        <source>Regenerate With…</source>
        <translation>使用其他模型重新生成…</translation>
    </message>
    <message>
        <source>Edit Message</source>
        <translation>编辑消息</translation>
    </message>
    <message>
        <source>Regenerate</source>
        <translation>重新生成</translation>
    </message>
    <message>
        <source>Branch from Here</source>
        <translation>从此处新建分支</translation>
    </message>
    <message>
        <source>Delete from Here</source>
        <translation>删除此处及之后的消息</translation>
    </message>
    <message>
        <source>{seconds} s to first token</source>
        <translation>首字 {seconds} 秒</translation>
    </message>
    <message>
        <source>{count} tokens</source>
        <translation>{count} 个词元</translation>
    </message>
    <message>
        <source>{count} cached</source>
        <translation>缓存命中 {count}</translation>
    </message>
    <message>
        <source>length limit</source>
        <translation>已达长度上限</translation>
    </message>
    <message>
        <source>tool calls</source>
        <translation>工具调用</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
</context>
<context>
    <name>GetModels</name>
    <message>
        <source>What there is appears here once the server runs.</source>
        <translation>服务器运行后，这里会显示可获取的模型。</translation>
    </message>
    <message>
        <source>Show All Models</source>
        <translation>显示所有模型</translation>
    </message>
    <message>
        <source>Show Fewer Models</source>
        <translation>显示较少模型</translation>
    </message>
</context>
<context>
    <name>Greeting</name>
    <message>
        <source>What can Qwen help you with?</source>
        <translation>Qwen 可以帮你做什么？</translation>
    </message>
    <message>
        <source>Everything you write stays on this computer.</source>
        <translation>你写的一切都只留在这台电脑上。</translation>
    </message>
</context>
<context>
    <name>HelpWindow</name>
    <message>
        <source>qwen3mlx Help</source>
        <translation>qwen3mlx 帮助</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>页面列表</translation>
    </message>
    <message>
        <source>Page</source>
        <translation>页面</translation>
    </message>
</context>
<context>
    <name>HistoryGroup</name>
    <message>
        <source>Delete conversations after</source>
        <translation>自动删除对话</translation>
    </message>
    <message>
        <source>Never</source>
        <translation>从不</translation>
    </message>
    <message>
        <source>30 days</source>
        <translation>30 天后</translation>
    </message>
    <message>
        <source>90 days</source>
        <translation>90 天后</translation>
    </message>
    <message>
        <source>A year</source>
        <translation>一年后</translation>
    </message>
    <message>
        <source>When they have not been used for so long. Pinned ones are always kept.</source>
        <translation>超过这段时间未使用的对话会被删除。置顶的对话始终保留。</translation>
    </message>
    <message>
        <source>Restore…</source>
        <translation>恢复…</translation>
    </message>
    <message>
        <source>Restore from a backup</source>
        <translation>从备份恢复</translation>
    </message>
    <message>
        <source>A copy of all conversations is made on each day that you use the app, and the last seven are kept in {folder}.</source>
        <translation>每天使用本应用时会备份全部对话，最近七份保存在 {folder}。</translation>
    </message>
    <message>
        <source>Backups</source>
        <translation>备份</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>1 conversation has not been used for {days} days. It will be deleted now, and others as they get as old.</source>
        <translation>有 1 个对话已超过 {days} 天未使用。它会立即被删除，其他对话到期后也会被删除。</translation>
    </message>
    <message>
        <source>{count} conversations have not been used for {days} days. They will be deleted now, and others as they get as old.</source>
        <translation>有 {count} 个对话已超过 {days} 天未使用。它们会立即被删除，其他对话到期后也会被删除。</translation>
    </message>
</context>
<context>
    <name>HitDelegate</name>
    <message>
        <source>Untitled</source>
        <translation>未命名</translation>
    </message>
</context>
<context>
    <name>HitList</name>
    <message>
        <source>Search results</source>
        <translation>搜索结果</translation>
    </message>
</context>
<context>
    <name>HitRow</name>
    <message>
        <source>Model card</source>
        <translation>模型卡片</translation>
    </message>
    <message>
        <source>Model card of {name}</source>
        <translation>{name} 的模型卡片</translation>
    </message>
    <message>
        <source>Loading…</source>
        <translation>正在加载…</translation>
    </message>
</context>
<context>
    <name>ImportGguf</name>
    <message>
        <source>Import…</source>
        <translation>导入…</translation>
    </message>
    <message>
        <source>Import a GGUF file</source>
        <translation>导入 GGUF 文件</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Stop the import</source>
        <translation>停止导入</translation>
    </message>
    <message>
        <source>Progress of the import</source>
        <translation>导入进度</translation>
    </message>
    <message>
        <source>A Qwen3 of Ollama, LM Studio or llama.cpp becomes a model for MLX. The file stays as it is.</source>
        <translation>把 Ollama、LM Studio 或 llama.cpp 的 Qwen3 转为 MLX 模型。原文件保持不变。</translation>
    </message>
    <message>
        <source>GGUF files</source>
        <translation>GGUF 文件</translation>
    </message>
    <message>
        <source>Choose a GGUF File</source>
        <translation>选择 GGUF 文件</translation>
    </message>
</context>
<context>
    <name>JobCard</name>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>加载</translation>
    </message>
    <message>
        <source>Converting {name}</source>
        <translation>正在转换 {name}</translation>
    </message>
    <message>
        <source>{name} paused</source>
        <translation>{name} 已暂停</translation>
    </message>
    <message>
        <source>{name} failed</source>
        <translation>{name} 转换失败</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Progress is saved, and no memory is in use.</source>
        <translation>进度已存储，不占用内存。</translation>
    </message>
    <message>
        <source>It has been added to your models.</source>
        <translation>已添加到模型列表。</translation>
    </message>
    <message>
        <source>Verifying and measuring the quality loss…</source>
        <translation>正在验证并测量量化损失…</translation>
    </message>
    <message>
        <source>{percent}, about {minutes}:{seconds} remaining</source>
        <translation>{percent}，剩余约 {minutes}:{seconds}</translation>
    </message>
    <message>
        <source>Cancel the conversion? What it has written is deleted.</source>
        <translation>取消转换？已写入的内容将被删除。</translation>
    </message>
    <message>
        <source>Cancel Conversion</source>
        <translation>取消转换</translation>
    </message>
    <message>
        <source>{name} is ready</source>
        <translation>{name} 已就绪</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>KeysGroup</name>
    <message>
        <source>never used</source>
        <translation>从未使用</translation>
    </message>
    <message>
        <source>Create</source>
        <translation>创建</translation>
    </message>
    <message>
        <source>No API keys. Any app on this computer can use the server and load models.</source>
        <translation>没有 API 密钥。这台电脑上的任何 App 都可以使用服务器并加载模型。</translation>
    </message>
    <message>
        <source>New key name</source>
        <translation>新密钥名称</translation>
    </message>
    <message>
        <source>Restart Server</source>
        <translation>重新启动服务器</translation>
    </message>
    <message>
        <source>New key access</source>
        <translation>新密钥的权限</translation>
    </message>
    <message>
        <source>Create key</source>
        <translation>创建密钥</translation>
    </message>
    <message>
        <source>Start the server to see and create keys.</source>
        <translation>启动服务器以查看和创建密钥。</translation>
    </message>
    <message>
        <source>All keys have been revoked. The server refuses other apps until you create a key or restart it.</source>
        <translation>所有密钥均已吊销。在创建密钥或重新启动服务器之前，其他应用无法访问。</translation>
    </message>
    <message>
        <source>Other apps need one of these keys.</source>
        <translation>其他应用需要使用其中一个密钥。</translation>
    </message>
    <message>
        <source>Revoke</source>
        <translation>吊销</translation>
    </message>
    <message>
        <source>Revoke {name}</source>
        <translation>吊销 {name}</translation>
    </message>
    <message>
        <source>Revoke the key {name}? Apps that use it are refused from then on.</source>
        <translation>吊销密钥 {name}？使用它的应用将无法再访问。</translation>
    </message>
    <message>
        <source>Inference</source>
        <translation>推理</translation>
    </message>
    <message>
        <source>Inference and models</source>
        <translation>推理与模型管理</translation>
    </message>
    <message>
        <source>Full access</source>
        <translation>完全访问</translation>
    </message>
    <message>
        <source>last used {day}</source>
        <translation>上次使用：{day}</translation>
    </message>
    <message>
        <source>{name}: {key} — copied to the clipboard. This key will not be shown again.</source>
        <translation>{name}：{key} — 已拷贝到剪贴板。此密钥不会再次显示。</translation>
    </message>
</context>
<context>
    <name>LogGroup</name>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Request</source>
        <translation>请求</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>输出</translation>
    </message>
    <message>
        <source>Filter by path, client, or model</source>
        <translation>按路径、客户端或模型过滤</translation>
    </message>
    <message>
        <source>Succeeded</source>
        <translation>成功</translation>
    </message>
    <message>
        <source>Request log</source>
        <translation>请求日志</translation>
    </message>
    <message>
        <source>Cached</source>
        <translation>缓存</translation>
    </message>
    <message>
        <source>ms</source>
        <translation>毫秒</translation>
    </message>
    <message>
        <source>Client</source>
        <translation>客户端</translation>
    </message>
    <message>
        <source>Filter requests</source>
        <translation>过滤请求</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失败</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>A file is still being read here. Close the window when that is done.</source>
        <translation>此窗口仍在读取文件。请在读取完成后再关闭。</translation>
    </message>
    <message>
        <source>This temporary chat is not finished, and it is not saved.</source>
        <translation>此临时对话尚未完成，也不会保存。</translation>
    </message>
    <message>
        <source>Discard Chat</source>
        <translation>丢弃对话</translation>
    </message>
    <message>
        <source>Temporary Chat</source>
        <translation>临时对话</translation>
    </message>
</context>
<context>
    <name>MemoryGroup</name>
    <message>
        <source>Memory usage</source>
        <translation>内存使用情况</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>Active requests</source>
        <translation>进行中的请求</translation>
    </message>
    <message>
        <source>Prompt cache</source>
        <translation>提示缓存</translation>
    </message>
    <message>
        <source>Free</source>
        <translation>可用</translation>
    </message>
</context>
<context>
    <name>Menus</name>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Unload {name}</source>
        <translation>卸载 {name}</translation>
    </message>
    <message>
        <source>Load {name}</source>
        <translation>加载 {name}</translation>
    </message>
    <message>
        <source>More menus</source>
        <translation>更多菜单</translation>
    </message>
    <message>
        <source>Use {name}</source>
        <translation>使用 {name}</translation>
    </message>
    <message>
        <source>Use Preset {name}</source>
        <translation>使用预设 {name}</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Untitled</source>
        <translation>未命名</translation>
    </message>
</context>
<context>
    <name>MessageCard</name>
    <message>
        <source>You</source>
        <translation>你</translation>
    </message>
    <message>
        <source>Assistant</source>
        <translation>助手</translation>
    </message>
    <message>
        <source>Tool result</source>
        <translation>工具结果</translation>
    </message>
</context>
<context>
    <name>MessageField</name>
    <message>
        <source>Images cannot be pasted: Qwen3 reads only text.</source>
        <translation>无法粘贴图像，Qwen3 只能读取文本。</translation>
    </message>
</context>
<context>
    <name>MessageList</name>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Scroll to End</source>
        <translation>滚动到底部</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>拷贝</translation>
    </message>
</context>
<context>
    <name>MessageText</name>
    <message>
        <source>{count} more characters are not shown. Copy the message to get all of it.</source>
        <translation>还有 {count} 个字符未显示，拷贝消息可获得全文。</translation>
    </message>
</context>
<context>
    <name>ModelButton</name>
    <message>
        <source>Model: {name}</source>
        <translation>模型：{name}</translation>
    </message>
</context>
<context>
    <name>ModelCard</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Loading</source>
        <translation>正在加载</translation>
    </message>
    <message>
        <source>{name} settings</source>
        <translation>{name} 的设置</translation>
    </message>
    <message>
        <source>Show {name} files</source>
        <translation>显示 {name} 的文件</translation>
    </message>
    <message>
        <source>Delete {name}</source>
        <translation>删除 {name}</translation>
    </message>
    <message>
        <source>Show files</source>
        <translation>显示文件</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>loaded with a context of {count} tokens</source>
        <translation>已加载，上下文 {count} 个词元</translation>
    </message>
    <message>
        <source>Fits: needs {needed} of {limit} with a context of {count} tokens</source>
        <translation>可以运行：上下文 {count} 个词元时需要 {needed}，可用 {limit}</translation>
    </message>
    <message>
        <source>Fits with a context of up to {count} tokens</source>
        <translation>上下文不超过 {count} 个词元时可以运行</translation>
    </message>
    <message>
        <source>Too large: needs {needed}, but only {limit} is available</source>
        <translation>太大：需要 {needed}，但只有 {limit} 可用</translation>
    </message>
    <message>
        <source>Unload</source>
        <translation>卸载</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>加载</translation>
    </message>
</context>
<context>
    <name>ModelPicker</name>
    <message>
        <source>Search models</source>
        <translation>搜索模型</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Load Options…</source>
        <translation>加载选项…</translation>
    </message>
    <message>
        <source>Manage Models</source>
        <translation>管理模型</translation>
    </message>
    <message>
        <source>Eject</source>
        <translation>推出</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>加载</translation>
    </message>
</context>
<context>
    <name>ModelSettingsForm</name>
    <message>
        <source>Loading</source>
        <translation>加载</translation>
    </message>
    <message>
        <source>Default sampling</source>
        <translation>默认采样</translation>
    </message>
    <message>
        <source>Context extension (YaRN)</source>
        <translation>上下文扩展（YaRN）</translation>
    </message>
    <message>
        <source>How long the model stays loaded without requests. More than 0 minutes.</source>
        <translation>没有请求时模型保持加载的时长，须大于 0 分钟。</translation>
    </message>
    <message>
        <source>A longer context needs more memory. What fits:</source>
        <translation>上下文越长，需要的内存越多。可用范围：</translation>
    </message>
    <message>
        <source>{factor}× context length</source>
        <translation>上下文长度的 {factor} 倍</translation>
    </message>
    <message>
        <source>Use it only for long texts; it can lower the quality on short ones.</source>
        <translation>仅在处理长文本时使用，可能会降低短文本的回答质量。</translation>
    </message>
    <message>
        <source>Context length (tokens)</source>
        <translation>上下文长度（词元）</translation>
    </message>
    <message>
        <source>KV cache</source>
        <translation>KV 缓存</translation>
    </message>
    <message>
        <source>Full precision</source>
        <translation>全精度</translation>
    </message>
    <message>
        <source>8-bit</source>
        <translation>8 位</translation>
    </message>
    <message>
        <source>4-bit</source>
        <translation>4 位</translation>
    </message>
    <message>
        <source>Fewer bits fit more context in memory.</source>
        <translation>位数越少，内存能容纳的上下文越长。</translation>
    </message>
    <message>
        <source>Reset to Model Defaults</source>
        <translation>恢复模型默认值</translation>
    </message>
    <message>
        <source>Server default</source>
        <translation>沿用服务器设置</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Unload after idle (min)</source>
        <translation>闲置后卸载（分钟）</translation>
    </message>
</context>
<context>
    <name>ModelsPage</name>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>No matching models</source>
        <translation>没有匹配的模型</translation>
    </message>
    <message>
        <source>Cannot Be Loaded</source>
        <translation>无法加载的模型</translation>
    </message>
    <message>
        <source>Search Hubs</source>
        <translation>搜索模型社区</translation>
    </message>
    <message>
        <source>Add another folder</source>
        <translation>添加其他文件夹</translation>
    </message>
    <message>
        <source>A model, or a folder of models. You can also drop it on the window.</source>
        <translation>单个模型，或存放多个模型的文件夹。也可以直接拖到窗口中。</translation>
    </message>
    <message>
        <source>Folders</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Filter models</source>
        <translation>过滤模型</translation>
    </message>
    <message>
        <source>Sort by</source>
        <translation>排序方式</translation>
    </message>
    <message>
        <source>Loaded first</source>
        <translation>已加载优先</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Add Folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>Choose a Folder with Models</source>
        <translation>选取存放模型的文件夹</translation>
    </message>
    <message>
        <source>Only the demo models are installed. Get another one below. Qwen3 models downloaded with Hugging Face tools or LM Studio appear here automatically.</source>
        <translation>目前只有演示模型。可在下方获取其他模型。用 Hugging Face 工具或 LM Studio 下载的 Qwen3 模型会自动显示在此处。</translation>
    </message>
    <message>
        <source>Get More Models</source>
        <translation>获取更多模型</translation>
    </message>
</context>
<context>
    <name>NoticeCard</name>
    <message>
        <source>Dismiss</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Start Server</source>
        <translation>启动服务器</translation>
    </message>
    <message>
        <source>Restart Server</source>
        <translation>重新启动服务器</translation>
    </message>
    <message>
        <source>Show Release</source>
        <translation>查看新版本</translation>
    </message>
</context>
<context>
    <name>OfferRow</name>
    <message>
        <source>On this computer</source>
        <translation>已在这台电脑上</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Download of {name}</source>
        <translation>{name} 的下载</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
</context>
<context>
    <name>Palette</name>
    <message>
        <source>Search commands, models, and conversations</source>
        <translation>搜索命令、模型和对话</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>Commands</source>
        <translation>命令列表</translation>
    </message>
</context>
<context>
    <name>QuantizePage</name>
    <message>
        <source>Quantize</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Checkpoint</source>
        <translation>检查点</translation>
    </message>
    <message>
        <source>KL divergence by size</source>
        <translation>KL 散度随大小的变化</translation>
    </message>
    <message>
        <source>KL divergence per token</source>
        <translation>各词元的 KL 散度</translation>
    </message>
    <message>
        <source>KL divergence by size (lower and further left is better)</source>
        <translation>KL 散度随大小的变化（越低、越靠左越好）</translation>
    </message>
    <message>
        <source>Share of tokens by KL divergence</source>
        <translation>各 KL 散度区间的词元占比</translation>
    </message>
    <message>
        <source>Quality loss</source>
        <translation>量化损失</translation>
    </message>
    <message>
        <source>Unquantized checkpoint. It won&apos;t be modified.</source>
        <translation>未量化的检查点，不会被修改。</translation>
    </message>
    <message>
        <source>Recipe</source>
        <translation>方案</translation>
    </message>
    <message>
        <source>Method</source>
        <translation>方法</translation>
    </message>
    <message>
        <source>Measure quality loss</source>
        <translation>测量量化损失</translation>
    </message>
    <message>
        <source>Compares the result with the checkpoint, which must fit in memory.</source>
        <translation>将结果与原检查点比较，内存需要能容纳原检查点。</translation>
    </message>
    <message>
        <source>4-bit (recommended)</source>
        <translation>4 位（推荐）</translation>
    </message>
    <message>
        <source>8-bit (virtually lossless)</source>
        <translation>8 位（几乎无损）</translation>
    </message>
    <message>
        <source>6-bit</source>
        <translation>6 位</translation>
    </message>
    <message>
        <source>5-bit</source>
        <translation>5 位</translation>
    </message>
    <message>
        <source>Mixed 4-bit and 8-bit</source>
        <translation>4 位与 8 位混合</translation>
    </message>
    <message>
        <source>3-bit (smallest)</source>
        <translation>3 位（最小）</translation>
    </message>
    <message>
        <source>Optimized scales</source>
        <translation>优化缩放系数</translation>
    </message>
    <message>
        <source>GPTQ (slower)</source>
        <translation>GPTQ（较慢）</translation>
    </message>
    <message>
        <source>AutoRound (slowest)</source>
        <translation>AutoRound（最慢）</translation>
    </message>
    <message>
        <source>Round to nearest</source>
        <translation>就近取整</translation>
    </message>
    <message>
        <source>Choose Folder…</source>
        <translation>选取文件夹…</translation>
    </message>
    <message>
        <source>Choose an Unquantized Checkpoint</source>
        <translation>选取未量化的检查点</translation>
    </message>
    <message>
        <source>No unquantized checkpoint found. Choose a folder.</source>
        <translation>没有找到未量化的检查点，请选取文件夹。</translation>
    </message>
    <message>
        <source>Estimating…</source>
        <translation>正在估算…</translation>
    </message>
    <message>
        <source>fits in {limit}</source>
        <translation>可放入 {limit}</translation>
    </message>
    <message>
        <source>exceeds {limit}</source>
        <translation>超过 {limit}</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>{size}, {bits} bits per weight</source>
        <translation>{size}，每权重 {bits} 位</translation>
    </message>
</context>
<context>
    <name>Rail</name>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Tools</source>
        <translation>工具</translation>
    </message>
    <message>
        <source>Quantize</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Server</source>
        <translation>服务器</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
</context>
<context>
    <name>ReportSheet</name>
    <message>
        <source>Nothing is sent. Read it, then copy it into your report.</source>
        <translation>不会发送任何内容。请先阅读，再拷贝到你的报告中。</translation>
    </message>
    <message>
        <source>It is saved as {path}.</source>
        <translation>已存储为 {path}。</translation>
    </message>
    <message>
        <source>Report a Problem</source>
        <translation>报告问题</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>报告</translation>
    </message>
    <message>
        <source>Show in Folder</source>
        <translation>在文件夹中显示</translation>
    </message>
</context>
<context>
    <name>RestartHint</name>
    <message>
        <source>Restart to Apply</source>
        <translation>重新启动以应用</translation>
    </message>
    <message>
        <source>Restart the server to apply these changes.</source>
        <translation>请重新启动服务器以应用更改。</translation>
    </message>
    <message>
        <source>Changes take effect after the server restarts.</source>
        <translation>更改将在服务器重新启动后生效。</translation>
    </message>
    <message>
        <source>Start the server to change these.</source>
        <translation>启动服务器后才能更改这些设置。</translation>
    </message>
</context>
<context>
    <name>RestoreSheet</name>
    <message>
        <source>Restore From Backup</source>
        <translation>从备份恢复</translation>
    </message>
    <message>
        <source>Backups</source>
        <translation>备份</translation>
    </message>
    <message>
        <source>There is no backup yet. One is made on each day that you use the app.</source>
        <translation>还没有备份。每天使用本应用时会自动备份一次。</translation>
    </message>
    <message>
        <source>It takes the place of all your conversations, folders, and presets. These are backed up first, so you can undo this.</source>
        <translation>它会取代你现有的全部对话、文件夹和预设。恢复前会先备份它们，因此可以撤销。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>恢复</translation>
    </message>
</context>
<context>
    <name>ResultsTable</name>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Bits per weight</source>
        <translation>每权重位数</translation>
    </message>
    <message>
        <source>Mean KL</source>
        <translation>平均 KL</translation>
    </message>
    <message>
        <source>Top-1 agreement</source>
        <translation>首选一致率</translation>
    </message>
    <message>
        <source>Remove {name} from the list</source>
        <translation>从列表中移除 {name}</translation>
    </message>
    <message>
        <source>Perplexity</source>
        <translation>困惑度</translation>
    </message>
</context>
<context>
    <name>RowDelegate</name>
    <message>
        <source>Folder name</source>
        <translation>文件夹名称</translation>
    </message>
    <message>
        <source>Conversation title</source>
        <translation>对话标题</translation>
    </message>
</context>
<context>
    <name>RunningGroup</name>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Client</source>
        <translation>客户端</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>词元</translation>
    </message>
    <message>
        <source>Tokens/s</source>
        <translation>词元/秒</translation>
    </message>
    <message>
        <source>Seconds</source>
        <translation>秒</translation>
    </message>
    <message>
        <source>Active requests</source>
        <translation>进行中的请求</translation>
    </message>
    <message>
        <source>No active requests</source>
        <translation>没有进行中的请求</translation>
    </message>
    <message>
        <source>Queued</source>
        <translation>排队中</translation>
    </message>
    <message>
        <source>Generating</source>
        <translation>正在生成</translation>
    </message>
    <message>
        <source>Prefill {percent}%</source>
        <translation>预填充 {percent}%</translation>
    </message>
</context>
<context>
    <name>SamplingForm</name>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Top P</source>
        <translation>Top P</translation>
    </message>
    <message>
        <source>Top K</source>
        <translation>Top K</translation>
    </message>
    <message>
        <source>Min P</source>
        <translation>Min P</translation>
    </message>
    <message>
        <source>Presence penalty</source>
        <translation>存在惩罚</translation>
    </message>
    <message>
        <source>Frequency penalty</source>
        <translation>频率惩罚</translation>
    </message>
    <message>
        <source>Repetition penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>Max tokens</source>
        <translation>最大输出词元</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>Higher values make answers more varied.</source>
        <translation>值越高，回答越多样。</translation>
    </message>
    <message>
        <source>Samples only from the likeliest tokens with this total probability.</source>
        <translation>只从累计概率达到此值的最可能词元中采样。</translation>
    </message>
    <message>
        <source>Samples only from this many of the likeliest tokens.</source>
        <translation>只从最可能的这么多个词元中采样。</translation>
    </message>
    <message>
        <source>Drops tokens below this share of the likeliest one&apos;s probability.</source>
        <translation>舍弃概率低于最可能词元此比例的词元。</translation>
    </message>
    <message>
        <source>Avoids tokens that have appeared.</source>
        <translation>避免已出现过的词元。</translation>
    </message>
    <message>
        <source>Avoids tokens the more often they have appeared.</source>
        <translation>词元出现越多，越避免再次使用。</translation>
    </message>
    <message>
        <source>Above 1, avoids repeating the text so far.</source>
        <translation>大于 1 时，避免重复已有文本。</translation>
    </message>
    <message>
        <source>Ends an answer after this many tokens.</source>
        <translation>回答达到这么多词元后结束。</translation>
    </message>
    <message>
        <source>The same seed gives the same answer.</source>
        <translation>相同的种子得到相同的回答。</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>不限</translation>
    </message>
    <message>
        <source>random</source>
        <translation>随机</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>SearchSheet</name>
    <message>
        <source>No results</source>
        <translation>无结果</translation>
    </message>
</context>
<context>
    <name>ServerCard</name>
    <message>
        <source>Log of {name}</source>
        <translation>{name} 的日志</translation>
    </message>
    <message>
        <source>Built in</source>
        <translation>内置</translation>
    </message>
    <message>
        <source>Tools that come with the program.</source>
        <translation>程序自带的工具。</translation>
    </message>
    <message>
        <source>This server wants you to sign in.</source>
        <translation>此服务器要求你登录。</translation>
    </message>
    <message>
        <source>Sign in in your browser…</source>
        <translation>请在浏览器中登录…</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Sign In</source>
        <translation>登录</translation>
    </message>
    <message>
        <source>Nothing was written yet.</source>
        <translation>还没有任何输出。</translation>
    </message>
    <message>
        <source>The server failed: {reason}.</source>
        <translation>服务器无法使用：{reason}。</translation>
    </message>
    <message>
        <source>Use {name}</source>
        <translation>使用 {name}</translation>
    </message>
    <message>
        <source>Edit…</source>
        <translation>编辑…</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>重新启动</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Edit {name}</source>
        <translation>编辑 {name}</translation>
    </message>
    <message>
        <source>Restart {name}</source>
        <translation>重新启动 {name}</translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation>移除 {name}</translation>
    </message>
    <message>
        <source>Asking for its tools…</source>
        <translation>正在查询它的工具…</translation>
    </message>
    <message>
        <source>Names and descriptions are by the server&apos;s author; the model reads them.</source>
        <translation>名称和说明由服务器的作者编写，模型会读到它们。</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>已关闭</translation>
    </message>
    <message>
        <source>Not started</source>
        <translation>未启动</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>正在启动…</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>正在运行</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>Tools</source>
        <translation>工具</translation>
    </message>
    <message>
        <source>1 tool</source>
        <translation>1 个工具</translation>
    </message>
    <message>
        <source>{count} tools</source>
        <translation>{count} 个工具</translation>
    </message>
    <message>
        <source>Sign Out</source>
        <translation>退出登录</translation>
    </message>
    <message>
        <source>Remove the server {name}? Its entry in mcp.json is deleted.</source>
        <translation>移除服务器 {name} 吗？它在 mcp.json 中的条目会被删除。</translation>
    </message>
</context>
<context>
    <name>ServerForm</name>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Name of the server</source>
        <translation>服务器名称</translation>
    </message>
    <message>
        <source>Command or address: uvx mcp-server-time</source>
        <translation>命令或地址：uvx mcp-server-time</translation>
    </message>
    <message>
        <source>Command or address of the server</source>
        <translation>服务器的命令或地址</translation>
    </message>
    <message>
        <source>Variables of the program, or headers for an address: NAME=value, one a line</source>
        <translation>程序的环境变量，或地址的请求头：每行一个 NAME=value</translation>
    </message>
    <message>
        <source>Variables or headers</source>
        <translation>环境变量或请求头</translation>
    </message>
</context>
<context>
    <name>ServerPage</name>
    <message>
        <source>Server</source>
        <translation>服务器</translation>
    </message>
    <message>
        <source>Active requests</source>
        <translation>进行中的请求</translation>
    </message>
    <message>
        <source>Connect other apps</source>
        <translation>连接其他 App</translation>
    </message>
    <message>
        <source>API keys</source>
        <translation>API 密钥</translation>
    </message>
    <message>
        <source>Request log</source>
        <translation>请求日志</translation>
    </message>
    <message>
        <source>Copy address</source>
        <translation>拷贝地址</translation>
    </message>
    <message>
        <source>Run the server</source>
        <translation>运行服务器</translation>
    </message>
    <message>
        <source>The server is running</source>
        <translation>服务器正在运行</translation>
    </message>
    <message>
        <source>The server failed</source>
        <translation>服务器出错</translation>
    </message>
    <message>
        <source>The server is stopping…</source>
        <translation>服务器正在停止…</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Access</source>
        <translation>访问</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>重新启动</translation>
    </message>
    <message>
        <source>The server is off</source>
        <translation>服务器已关闭</translation>
    </message>
    <message>
        <source>The server is starting…</source>
        <translation>服务器正在启动…</translation>
    </message>
</context>
<context>
    <name>SettingsPage</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>General</source>
        <translation>通用</translation>
    </message>
    <message>
        <source>Appearance</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>History</source>
        <translation>历史记录</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Server memory</source>
        <translation>服务器内存</translation>
    </message>
    <message>
        <source>Start the server at launch</source>
        <translation>启动时开启服务器</translation>
    </message>
    <message>
        <source>Otherwise, it starts with the first question.</source>
        <translation>否则在第一次提问时启动。</translation>
    </message>
    <message>
        <source>Keeps the server running when the window is closed.</source>
        <translation>关闭窗口后服务器继续运行。</translation>
    </message>
    <message>
        <source>When a long task finishes, or a tool asks, in the background. Requires the menu bar item.</source>
        <translation>后台的耗时任务完成，或有工具请求允许时通知。需要在菜单栏中显示。</translation>
    </message>
    <message>
        <source>Serve when I log in</source>
        <translation>登录时启动服务器</translation>
    </message>
    <message>
        <source>A server of its own, also while the app is closed.</source>
        <translation>这是一个单独的服务器，App 关闭时也会运行。</translation>
    </message>
    <message>
        <source>The colors of the window.</source>
        <translation>窗口的颜色。</translation>
    </message>
    <message>
        <source>Text size</source>
        <translation>文字大小</translation>
    </message>
    <message>
        <source>Of the whole window.</source>
        <translation>整个窗口的文字。</translation>
    </message>
    <message>
        <source>No fading menus and no blinking cursor.</source>
        <translation>菜单不淡入淡出，光标不闪烁。</translation>
    </message>
    <message>
        <source>Show in the system tray</source>
        <translation>在系统托盘中显示</translation>
    </message>
    <message>
        <source>When a long task finishes, or a tool asks, in the background. Requires the item in the system tray.</source>
        <translation>后台的耗时任务完成，或有工具请求允许时通知。需要在系统托盘中显示。</translation>
    </message>
    <message>
        <source>Ctrl+Enter or ⌘Enter</source>
        <translation>Ctrl+回车或 ⌘回车</translation>
    </message>
    <message>
        <source>The other one inserts a line break.</source>
        <translation>另一个按键插入换行符。</translation>
    </message>
    <message>
        <source>Generate titles with the model</source>
        <translation>由模型生成标题</translation>
    </message>
    <message>
        <source>After the first answer. Otherwise, the question&apos;s first words are used.</source>
        <translation>在第一个回答之后生成；否则使用问题的开头几个字。</translation>
    </message>
    <message>
        <source>Download first from</source>
        <translation>首选下载来源</translation>
    </message>
    <message>
        <source>Models that it is not known to have come from Hugging Face. Takes effect after a server restart.</source>
        <translation>该来源没有的模型改从 Hugging Face 下载。重启服务器后生效。</translation>
    </message>
    <message>
        <source>Hugging Face mirror</source>
        <translation>Hugging Face 镜像</translation>
    </message>
    <message>
        <source>Used for downloads that clients request. Takes effect after a server restart.</source>
        <translation>用于客户端请求的下载。服务器重新启动后生效。</translation>
    </message>
    <message>
        <source>Memory limit</source>
        <translation>内存上限</translation>
    </message>
    <message>
        <source>Weights, KV cache and prompt cache together.</source>
        <translation>权重、KV 缓存与提示缓存合计。</translation>
    </message>
    <message>
        <source>Prompt cache</source>
        <translation>提示缓存</translation>
    </message>
    <message>
        <source>Lets the server continue a conversation without reading it again.</source>
        <translation>继续对话时无需重新读取全部内容。</translation>
    </message>
    <message>
        <source>Further requests wait in a queue.</source>
        <translation>其余请求排队等候。</translation>
    </message>
    <message>
        <source>Open Folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Reset app settings</source>
        <translation>重置 App 设置</translation>
    </message>
    <message>
        <source>App settings</source>
        <translation>App 设置</translation>
    </message>
    <message>
        <source>Restores the defaults. Conversations are kept.</source>
        <translation>恢复默认设置，对话会保留。</translation>
    </message>
    <message>
        <source>Privacy</source>
        <translation>隐私</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation>高级</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Match system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Of all texts of the app.</source>
        <translation>App 中所有文字的语言。</translation>
    </message>
    <message>
        <source>Show in the menu bar</source>
        <translation>在菜单栏中显示</translation>
    </message>
    <message>
        <source>Notifications</source>
        <translation>通知</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Concurrent requests</source>
        <translation>最大并发请求数</translation>
    </message>
    <message>
        <source>Nothing you write leaves this computer. The app talks only to its own server on this computer, and sends no analytics. The one exception is the check below, if you turn it on.</source>
        <translation>你写的任何内容都不会离开这台电脑。应用只与这台电脑上的自有服务器通信，不发送任何统计数据。唯一的例外是下面的检查，仅在你开启后进行。</translation>
    </message>
    <message>
        <source>Check for updates</source>
        <translation>检查更新</translation>
    </message>
    <message>
        <source>Asks for the number of the newest release once a day. Nothing about you is sent, and nothing is installed.</source>
        <translation>每天询问一次最新版本号。不会发送关于你的任何信息，也不会安装任何内容。</translation>
    </message>
    <message>
        <source>Conversations and settings</source>
        <translation>对话与设置</translation>
    </message>
    <message>
        <source>Reset</source>
        <translation>重置</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>回车</translation>
    </message>
    <message>
        <source>Reduce motion</source>
        <translation>减少动态效果</translation>
    </message>
    <message>
        <source>Send with</source>
        <translation>发送方式</translation>
    </message>
</context>
<context>
    <name>ShortcutSheet</name>
    <message>
        <source>Keyboard Shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Send Message</source>
        <translation>发送消息</translation>
    </message>
    <message>
        <source>Insert Line Break</source>
        <translation>插入换行符</translation>
    </message>
    <message>
        <source>Edit the Last Question, in an Empty Field</source>
        <translation>编辑上一个问题（输入框为空时）</translation>
    </message>
    <message>
        <source>Stop Generating or Cancel Edit</source>
        <translation>停止生成或取消编辑</translation>
    </message>
</context>
<context>
    <name>Sidebar</name>
    <message>
        <source>No results</source>
        <translation>无结果</translation>
    </message>
    <message>
        <source>Your conversations will appear here.</source>
        <translation>你的对话会显示在这里。</translation>
    </message>
    <message>
        <source>Temporary Chat</source>
        <translation>临时对话</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Search all conversations</source>
        <translation>搜索所有对话</translation>
    </message>
    <message>
        <source>Clear search</source>
        <translation>清除搜索</translation>
    </message>
    <message>
        <source>New folder</source>
        <translation>新建文件夹</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>新建对话</translation>
    </message>
</context>
<context>
    <name>SidebarList</name>
    <message>
        <source>Conversations</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>New Folder</source>
        <translation>未命名文件夹</translation>
    </message>
</context>
<context>
    <name>SidebarMenu</name>
    <message>
        <source>New Folder</source>
        <translation>新建文件夹</translation>
    </message>
    <message>
        <source>Unpin</source>
        <translation>取消置顶</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>置顶</translation>
    </message>
    <message>
        <source>Move to Folder</source>
        <translation>移到文件夹</translation>
    </message>
    <message>
        <source>Delete {count} Conversations</source>
        <translation>删除 {count} 个对话</translation>
    </message>
    <message>
        <source>Delete Folder and Keep Conversations</source>
        <translation>删除文件夹并保留对话</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Remove from Folder</source>
        <translation>移出文件夹</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重新命名</translation>
    </message>
</context>
<context>
    <name>TablePart</name>
    <message>
        <source>Table</source>
        <translation>表格</translation>
    </message>
</context>
<context>
    <name>TemporaryGreeting</name>
    <message>
        <source>Temporary Chat</source>
        <translation>临时对话</translation>
    </message>
    <message>
        <source>Nothing of this chat is saved, and it is in no list. It is gone when you open another or close the window.</source>
        <translation>此对话的任何内容都不会保存，也不会出现在列表中。打开其他对话或关闭窗口后，它就不复存在。</translation>
    </message>
</context>
<context>
    <name>TemporaryMark</name>
    <message>
        <source>Not saved</source>
        <translation>不保存</translation>
    </message>
    <message>
        <source>Keep This Chat</source>
        <translation>保留此对话</translation>
    </message>
    <message>
        <source>Temporary chat</source>
        <translation>临时对话</translation>
    </message>
</context>
<context>
    <name>TestForm</name>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Arguments</source>
        <translation>参数</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Run {name}</source>
        <translation>运行 {name}</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Running… {time}</source>
        <translation>正在运行… {time}</translation>
    </message>
    <message>
        <source>{n} s</source>
        <translation>{n} 秒</translation>
    </message>
    <message>
        <source>Done in {time}</source>
        <translation>已完成，用时 {time}</translation>
    </message>
    <message>
        <source>Timed out after {time}</source>
        <translation>超时，用时 {time}</translation>
    </message>
    <message>
        <source>Failed after {time}</source>
        <translation>失败，用时 {time}</translation>
    </message>
</context>
<context>
    <name>Thinking</name>
    <message>
        <source>Thinking… {seconds} s, {tokens} tokens</source>
        <translation>思考中… {seconds} 秒，{tokens} 个词元</translation>
    </message>
    <message>
        <source>Thoughts</source>
        <translation>思考过程</translation>
    </message>
    <message>
        <source>Thought for {seconds} s, {tokens} tokens</source>
        <translation>思考了 {seconds} 秒，{tokens} 个词元</translation>
    </message>
    <message>
        <source>Thought for {seconds} s</source>
        <translation>思考了 {seconds} 秒</translation>
    </message>
</context>
<context>
    <name>ToolRow</name>
    <message>
        <source>It cannot be offered: {reason}.</source>
        <translation>无法提供给模型：{reason}。</translation>
    </message>
    <message>
        <source>When {name} may run</source>
        <translation>何时可以运行 {name}</translation>
    </message>
    <message>
        <source>Ask first</source>
        <translation>先询问</translation>
    </message>
    <message>
        <source>Always allow</source>
        <translation>始终允许</translation>
    </message>
    <message>
        <source>Never allow</source>
        <translation>从不允许</translation>
    </message>
    <message>
        <source>Test</source>
        <translation>测试</translation>
    </message>
    <message>
        <source>Test {name}</source>
        <translation>测试 {name}</translation>
    </message>
</context>
<context>
    <name>ToolsButton</name>
    <message>
        <source>Tools</source>
        <translation>工具</translation>
    </message>
    <message>
        <source>Let the model use tools</source>
        <translation>让模型使用工具</translation>
    </message>
    <message>
        <source>{name} (not there)</source>
        <translation>{name}（不存在）</translation>
    </message>
    <message>
        <source>{name} (off)</source>
        <translation>{name}（已关闭）</translation>
    </message>
    <message>
        <source>Manage Tools…</source>
        <translation>管理工具…</translation>
    </message>
    <message>
        <source>Built in</source>
        <translation>内置</translation>
    </message>
    <message>
        <source>its tools are asked for when they are needed</source>
        <translation>需要时才会查询它的工具</translation>
    </message>
    <message>
        <source>{names} and {n} more</source>
        <translation>{names} 以及另外 {n} 个</translation>
    </message>
</context>
<context>
    <name>ToolsPage</name>
    <message>
        <source>Tools</source>
        <translation>工具</translation>
    </message>
    <message>
        <source>MCP servers give the model tools. They are programs that run on this computer, as you: add only those you trust. A chat uses the ones that are chosen below its message field.</source>
        <translation>MCP 服务器为模型提供工具。它们是以你的身份在这台电脑上运行的程序，请只添加你信任的。对话只使用在消息输入框下方选中的服务器。</translation>
    </message>
    <message>
        <source>Start the server to see the tools.</source>
        <translation>启动服务器后即可查看工具。</translation>
    </message>
    <message>
        <source>Built-in tools that reach further</source>
        <translation>权限更大的内置工具</translation>
    </message>
    <message>
        <source>Add a server</source>
        <translation>添加服务器</translation>
    </message>
    <message>
        <source>Line {line}: {text}.</source>
        <translation>第 {line} 行：{text}。</translation>
    </message>
</context>
<context>
    <name>TrayMenu</name>
    <message>
        <source>Show Window</source>
        <translation>显示窗口</translation>
    </message>
    <message>
        <source>New Conversation</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>Stop Server</source>
        <translation>停止服务器</translation>
    </message>
    <message>
        <source>Start Server</source>
        <translation>启动服务器</translation>
    </message>
    <message>
        <source>Quit qwen3mlx</source>
        <translation>退出 qwen3mlx</translation>
    </message>
    <message>
        <source>The server is off</source>
        <translation>服务器已关闭</translation>
    </message>
    <message>
        <source>The server is starting</source>
        <translation>服务器正在启动</translation>
    </message>
    <message>
        <source>The server is running at {url}</source>
        <translation>服务器正在运行：{url}</translation>
    </message>
    <message>
        <source>The server is stopping</source>
        <translation>服务器正在停止</translation>
    </message>
    <message>
        <source>{name}: loading {percent}%</source>
        <translation>{name}：正在加载 {percent}%</translation>
    </message>
    <message>
        <source>{name}: loaded</source>
        <translation>{name}：已加载</translation>
    </message>
    <message>
        <source>The server failed</source>
        <translation>服务器出错</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>加载</translation>
    </message>
    <message>
        <source>Unload</source>
        <translation>卸载</translation>
    </message>
</context>
<context>
    <name>_Column</name>
    <message>
        <source>Continue With {name}</source>
        <translation>采用 {name} 继续</translation>
    </message>
</context>
<context>
    <name>_FolderLine</name>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation>移除 {name}</translation>
    </message>
    <message>
        <source>Missing</source>
        <translation>不存在</translation>
    </message>
    <message>
        <source>1 model</source>
        <translation>1 个模型</translation>
    </message>
    <message>
        <source>{count} models</source>
        <translation>{count} 个模型</translation>
    </message>
</context>
<context>
    <name>_JobRow</name>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Download of {name}</source>
        <translation>{name} 的下载</translation>
    </message>
</context>
<context>
    <name>_Options</name>
    <message>
        <source>Back to models</source>
        <translation>返回模型列表</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>加载</translation>
    </message>
    <message>
        <source>Reload</source>
        <translation>重新加载</translation>
    </message>
</context>
<context>
    <name>_Sheet</name>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>拷贝</translation>
    </message>
</context>
<context>
    <name>attachments</name>
    <message>
        <source>{name} is not a text file.</source>
        <translation>{name} 不是文本文件。</translation>
    </message>
    <message>
        <source>{name} contains more text than a model can read. Attach only part of it.</source>
        <translation>{name} 的文本超出模型能读取的长度，请只添加其中一部分。</translation>
    </message>
    <message>
        <source>{name} is a folder. Attach the files in it.</source>
        <translation>{name} 是文件夹，请添加其中的文件。</translation>
    </message>
    <message>
        <source>There is no file named {name}.</source>
        <translation>没有名为 {name} 的文件。</translation>
    </message>
    <message>
        <source>{name} is too large: {size} MB. The limit is {limit} MB.</source>
        <translation>{name} 太大：{size} MB。上限为 {limit} MB。</translation>
    </message>
    <message>
        <source>{name} cannot be read: {reason}.</source>
        <translation>无法读取 {name}：{reason}。</translation>
    </message>
    <message>
        <source>{name} takes too long or too much memory to read. Save it as plain text.</source>
        <translation>读取 {name} 耗时过长或占用内存过多，请将其存储为纯文本。</translation>
    </message>
    <message>
        <source>{name} has an unsupported format. Save it as .docx, PDF, or plain text.</source>
        <translation>不支持 {name} 的格式，请存储为 .docx、PDF 或纯文本。</translation>
    </message>
    <message>
        <source>{name} is an image. Qwen3 reads only text.</source>
        <translation>{name} 是图像，而 Qwen3 只能读取文本。</translation>
    </message>
    <message>
        <source>{name} is an audio or video file. Qwen3 reads only text.</source>
        <translation>{name} 是音频或视频，而 Qwen3 只能读取文本。</translation>
    </message>
    <message>
        <source>{name} contains only images of text. Attach a version with selectable text.</source>
        <translation>{name} 只有文字的图像，请添加包含可选文本的版本。</translation>
    </message>
    <message>
        <source>{name} is empty.</source>
        <translation>{name} 是空的。</translation>
    </message>
    <message>
        <source>{name} is password-protected. Save a copy without a password.</source>
        <translation>{name} 受密码保护，请存储一份不带密码的副本。</translation>
    </message>
    <message>
        <source>{name} has more than {limit} pages. Attach only part of it.</source>
        <translation>{name} 超过 {limit} 页，请只添加其中一部分。</translation>
    </message>
    <message>
        <source>{name} is not a readable PDF.</source>
        <translation>{name} 不是可以读取的 PDF。</translation>
    </message>
    <message>
        <source>{name} is not a readable Word file.</source>
        <translation>{name} 不是可以读取的 Word 文件。</translation>
    </message>
</context>
<context>
    <name>backups</name>
    <message>
        <source>A backup is being made. Try again in a moment.</source>
        <translation>正在备份，请稍后再试。</translation>
    </message>
    <message>
        <source>The backup was restored.</source>
        <translation>已从备份恢复。</translation>
    </message>
    <message>
        <source>There is no room for today’s backup of your conversations. They are saved as usual; free up some space, and the backup is made later.</source>
        <translation>磁盘空间不足，无法进行今天的对话备份。对话照常保存；释放一些空间后会自动补做备份。</translation>
    </message>
    <message>
        <source>Today’s backup of your conversations cannot be made ({reason}). Check the permissions of {folder}.</source>
        <translation>无法进行今天的对话备份（{reason}）。请检查 {folder} 的权限。</translation>
    </message>
    <message>
        <source>There is no room to restore the backup. Nothing has changed: free up some space, and try again.</source>
        <translation>磁盘空间不足，无法恢复备份。没有任何改动，请释放一些空间后重试。</translation>
    </message>
    <message>
        <source>The backup cannot be restored ({reason}). Nothing has changed: choose another one.</source>
        <translation>无法恢复此备份（{reason}）。没有任何改动，请选择其他备份。</translation>
    </message>
    <message>
        <source>{date}, {time}: 1 conversation</source>
        <translation>{date} {time}：1 个对话</translation>
    </message>
    <message>
        <source>{date}, {time}: {count} conversations</source>
        <translation>{date} {time}：{count} 个对话</translation>
    </message>
    <message>
        <source>before an update</source>
        <translation>更新之前</translation>
    </message>
    <message>
        <source>before a restore</source>
        <translation>恢复之前</translation>
    </message>
    <message>
        <source>before the damage</source>
        <translation>损坏之前</translation>
    </message>
</context>
<context>
    <name>changes</name>
    <message>
        <source>{title} was changed.</source>
        <translation>已更改“{title}”。</translation>
    </message>
</context>
<context>
    <name>chat</name>
    <message>
        <source>Not sent yet: an answer is being generated. Stop it first.</source>
        <translation>尚未发送：正在生成回答，请先停止。</translation>
    </message>
    <message>
        <source>Not sent yet: {names} is still being read. Send it again.</source>
        <translation>尚未发送：{names} 仍在读取中。请稍后再次发送。</translation>
    </message>
    <message>
        <source>The conversation&apos;s settings were replaced.</source>
        <translation>对话设置已替换。</translation>
    </message>
    <message>
        <source>The edit was canceled.</source>
        <translation>已取消编辑。</translation>
    </message>
    <message>
        <source>1 message was deleted.</source>
        <translation>已删除 1 条消息。</translation>
    </message>
    <message>
        <source>{count} messages were deleted.</source>
        <translation>已删除 {count} 条消息。</translation>
    </message>
    <message>
        <source>The temporary chat was discarded.</source>
        <translation>已丢弃临时对话。</translation>
    </message>
</context>
<context>
    <name>command</name>
    <message>
        <source>The command qwen3mlx was removed.</source>
        <translation>已移除 qwen3mlx 命令。</translation>
    </message>
    <message>
        <source>Type qwen3mlx in a new terminal: it is {path}.</source>
        <translation>请在新的终端窗口中输入 qwen3mlx：它位于 {path}。</translation>
    </message>
</context>
<context>
    <name>context</name>
    <message>
        <source>Even the last question and its answer do not fit. Summarize instead.</source>
        <translation>连最后一问一答也放不下。请改用总结。</translation>
    </message>
    <message>
        <source>The oldest messages are no longer sent to the model.</source>
        <translation>最早的消息不再发送给模型。</translation>
    </message>
    <message>
        <source>Conversation.md</source>
        <translation>对话.md</translation>
    </message>
    <message>
        <source>Summarize the attached conversation so that we can continue it: what was asked, what was decided, and what is still open.</source>
        <translation>请总结附上的对话，以便我们继续：问了什么、决定了什么、还有什么没有解决。</translation>
    </message>
</context>
<context>
    <name>conversations</name>
    <message>
        <source>“{title}” was deleted.</source>
        <translation>已删除“{title}”。</translation>
    </message>
    <message>
        <source>{count} conversations were deleted.</source>
        <translation>已删除 {count} 个对话。</translation>
    </message>
    <message>
        <source>The folder “{name}” was deleted.</source>
        <translation>文件夹“{name}”已删除。</translation>
    </message>
    <message>
        <source>The preset “{name}” was replaced.</source>
        <translation>预设“{name}”已替换。</translation>
    </message>
    <message>
        <source>The preset “{name}” was deleted.</source>
        <translation>预设“{name}”已删除。</translation>
    </message>
    <message>
        <source>Exported to {name}.</source>
        <translation>已导出到 {name}。</translation>
    </message>
    <message>
        <source>{name} cannot be written: {reason}.</source>
        <translation>无法写入 {name}：{reason}。</translation>
    </message>
    <message>
        <source>Importing: {done} of {total} conversations</source>
        <translation>正在导入：{done} / {total} 个对话</translation>
    </message>
    <message>
        <source>No conversations imported</source>
        <translation>未导入任何对话</translation>
    </message>
    <message>
        <source>1 conversation imported</source>
        <translation>已导入 1 个对话</translation>
    </message>
    <message>
        <source>{count} conversations imported</source>
        <translation>已导入 {count} 个对话</translation>
    </message>
    <message>
        <source>{count} already here</source>
        <translation>{count} 个已存在</translation>
    </message>
    <message>
        <source>{count} without messages</source>
        <translation>{count} 个没有消息</translation>
    </message>
    <message>
        <source>, </source>
        <translation>，</translation>
    </message>
    <message>
        <source>.</source>
        <translation>。</translation>
    </message>
</context>
<context>
    <name>downloads</name>
    <message>
        <source>{name} is downloaded.</source>
        <translation>{name} 已下载。</translation>
    </message>
</context>
<context>
    <name>export</name>
    <message>
        <source>Markdown (*.md)</source>
        <translation>Markdown (*.md)</translation>
    </message>
    <message>
        <source>JSON, which can be imported again (*.json)</source>
        <translation>JSON，可再次导入 (*.json)</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Conversations</source>
        <translation>对话</translation>
    </message>
</context>
<context>
    <name>facts</name>
    <message>
        <source>not quantized</source>
        <translation>未量化</translation>
    </message>
    <message>
        <source>fits</source>
        <translation>可以运行</translation>
    </message>
    <message>
        <source>context up to {count}</source>
        <translation>上下文不超过 {count}</translation>
    </message>
    <message>
        <source>too large</source>
        <translation>太大</translation>
    </message>
    <message>
        <source>Cannot be loaded</source>
        <translation>无法加载</translation>
    </message>
    <message>
        <source>Loading {percent}%</source>
        <translation>正在加载 {percent}%</translation>
    </message>
    <message>
        <source>Loaded</source>
        <translation>已加载</translation>
    </message>
</context>
<context>
    <name>http</name>
    <message>
        <source>The server sent an invalid response. Restart it and try again.</source>
        <translation>服务器返回了无效的响应，请重启服务器后再试。</translation>
    </message>
    <message>
        <source>The connection to the server was lost.</source>
        <translation>与服务器的连接已断开。</translation>
    </message>
    <message>
        <source>The server is not responding. Start it on the Server page.</source>
        <translation>服务器没有响应，请在“服务器”页面启动它。</translation>
    </message>
    <message>
        <source>The server refused the request (status {status}).</source>
        <translation>服务器拒绝了请求（状态码 {status}）。</translation>
    </message>
</context>
<context>
    <name>import</name>
    <message>
        <source>{name} was imported.</source>
        <translation>已导入 {name}。</translation>
    </message>
</context>
<context>
    <name>links</name>
    <message>
        <source>A link to this app was refused: it is not one that it knows.</source>
        <translation>已拒绝一个指向此 App 的链接：无法识别该链接。</translation>
    </message>
    <message>
        <source>A dialog is open: close it, then open the file or link again.</source>
        <translation>有对话框尚未关闭：请先关闭它，再打开该文件或链接。</translation>
    </message>
    <message>
        <source>A link wants to start a chat with this text. It is not sent yet.

{text}</source>
        <translation>一个链接想用以下文本开始对话。文本不会直接发送。

{text}</translation>
    </message>
    <message>
        <source>Start Chat</source>
        <translation>开始对话</translation>
    </message>
    <message>
        <source>Add this folder to those with models?

{path}</source>
        <translation>将此文件夹添加到模型文件夹吗？

{path}</translation>
    </message>
    <message>
        <source>Add Folder</source>
        <translation>添加文件夹</translation>
    </message>
    <message>
        <source>Import the conversations in this file?

{path}</source>
        <translation>导入此文件中的对话吗？

{path}</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>{path} cannot be opened: it is neither a folder with a model nor exported conversations (.json or .zip).</source>
        <translation>无法打开 {path}：它既不是包含模型的文件夹，也不是导出的对话（.json 或 .zip）。</translation>
    </message>
    <message>
        <source>{name} is not on this computer. You can download it with `qwen3mlx pull {name}`.</source>
        <translation>这台电脑上没有 {name}。可以用 `qwen3mlx pull {name}` 下载。</translation>
    </message>
</context>
<context>
    <name>lists</name>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
</context>
<context>
    <name>menu</name>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>New Conversation</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>New Window</source>
        <translation>新建窗口</translation>
    </message>
    <message>
        <source>New Temporary Chat</source>
        <translation>新建临时对话</translation>
    </message>
    <message>
        <source>Keep This Chat</source>
        <translation>保留此对话</translation>
    </message>
    <message>
        <source>New Folder</source>
        <translation>新建文件夹</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>导入…</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Export All…</source>
        <translation>全部导出…</translation>
    </message>
    <message>
        <source>Restore From Backup…</source>
        <translation>从备份恢复…</translation>
    </message>
    <message>
        <source>Close Window</source>
        <translation>关闭窗口</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>Find</source>
        <translation>查找</translation>
    </message>
    <message>
        <source>Find Next</source>
        <translation>查找下一个</translation>
    </message>
    <message>
        <source>Find Previous</source>
        <translation>查找上一个</translation>
    </message>
    <message>
        <source>Search Conversations</source>
        <translation>搜索对话</translation>
    </message>
    <message>
        <source>Focus Message Field</source>
        <translation>聚焦输入框</translation>
    </message>
    <message>
        <source>Settings…</source>
        <translation>设置…</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Continue Answer</source>
        <translation>继续生成</translation>
    </message>
    <message>
        <source>Regenerate</source>
        <translation>重新生成</translation>
    </message>
    <message>
        <source>Regenerate With…</source>
        <translation>使用其他模型重新生成…</translation>
    </message>
    <message>
        <source>Compare With Another Model…</source>
        <translation>与其他模型对比…</translation>
    </message>
    <message>
        <source>Copy Last Answer</source>
        <translation>拷贝上一个回答</translation>
    </message>
    <message>
        <source>Attach Files…</source>
        <translation>添加附件…</translation>
    </message>
    <message>
        <source>Think Before Answering</source>
        <translation>回答前先思考</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重新命名</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>置顶</translation>
    </message>
    <message>
        <source>Delete Conversation</source>
        <translation>删除对话</translation>
    </message>
    <message>
        <source>Next Conversation</source>
        <translation>下一个对话</translation>
    </message>
    <message>
        <source>Previous Conversation</source>
        <translation>上一个对话</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Forward</source>
        <translation>前进</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Choose Model…</source>
        <translation>选取模型…</translation>
    </message>
    <message>
        <source>Start Server</source>
        <translation>启动服务器</translation>
    </message>
    <message>
        <source>Stop Server</source>
        <translation>停止服务器</translation>
    </message>
    <message>
        <source>Restart Server</source>
        <translation>重新启动服务器</translation>
    </message>
    <message>
        <source>View</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>Conversation Settings</source>
        <translation>对话设置</translation>
    </message>
    <message>
        <source>Stop Generating</source>
        <translation>停止生成</translation>
    </message>
    <message>
        <source>Command Palette…</source>
        <translation>命令面板…</translation>
    </message>
    <message>
        <source>Show or Hide Sidebar</source>
        <translation>显示或隐藏边栏</translation>
    </message>
    <message>
        <source>Zoom In</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>Zoom Out</source>
        <translation>缩小</translation>
    </message>
    <message>
        <source>Actual Size</source>
        <translation>实际大小</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Match System</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>窗口</translation>
    </message>
    <message>
        <source>Minimize</source>
        <translation>最小化</translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation>缩放</translation>
    </message>
    <message>
        <source>Full Screen</source>
        <translation>全屏幕</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>帮助</translation>
    </message>
    <message>
        <source>qwen3mlx Help</source>
        <translation>qwen3mlx 帮助</translation>
    </message>
    <message>
        <source>Keyboard Shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Report a Problem…</source>
        <translation>报告问题…</translation>
    </message>
    <message>
        <source>About qwen3mlx</source>
        <translation>关于 qwen3mlx</translation>
    </message>
    <message>
        <source>Install the Command qwen3mlx</source>
        <translation>安装 qwen3mlx 命令</translation>
    </message>
    <message>
        <source>Remove the Command qwen3mlx</source>
        <translation>移除 qwen3mlx 命令</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Cut</source>
        <translation>剪切</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>拷贝</translation>
    </message>
    <message>
        <source>Paste</source>
        <translation>粘贴</translation>
    </message>
    <message>
        <source>Select All</source>
        <translation>全选</translation>
    </message>
    <message>
        <source>Undo Last Action</source>
        <translation>撤销上一步操作</translation>
    </message>
    <message>
        <source>Undo Cancel Edit</source>
        <translation>撤销取消编辑</translation>
    </message>
    <message>
        <source>Undo Change Setting</source>
        <translation>撤销更改设置</translation>
    </message>
    <message>
        <source>Undo Delete Conversation</source>
        <translation>撤销删除对话</translation>
    </message>
    <message>
        <source>Undo Delete Folder</source>
        <translation>撤销删除文件夹</translation>
    </message>
    <message>
        <source>Undo Delete Message</source>
        <translation>撤销删除消息</translation>
    </message>
    <message>
        <source>Undo Delete Model</source>
        <translation>撤销删除模型</translation>
    </message>
    <message>
        <source>Undo Delete Preset</source>
        <translation>撤销删除预设</translation>
    </message>
    <message>
        <source>Undo Discard Temporary Chat</source>
        <translation>撤销丢弃临时对话</translation>
    </message>
    <message>
        <source>Undo Drop Oldest Messages</source>
        <translation>撤销不再发送最早的消息</translation>
    </message>
    <message>
        <source>Undo Remove Model Folder</source>
        <translation>撤销移除模型文件夹</translation>
    </message>
    <message>
        <source>Undo Remove Measurement</source>
        <translation>撤销移除测量结果</translation>
    </message>
    <message>
        <source>Undo Replace Preset</source>
        <translation>撤销替换预设</translation>
    </message>
    <message>
        <source>Undo Replace Settings</source>
        <translation>撤销替换设置</translation>
    </message>
    <message>
        <source>Undo Reset Settings</source>
        <translation>撤销还原设置</translation>
    </message>
    <message>
        <source>Undo Restore From Backup</source>
        <translation>撤销从备份恢复</translation>
    </message>
</context>
<context>
    <name>models</name>
    <message>
        <source>{name} was deleted.</source>
        <translation>已删除 {name}。</translation>
    </message>
    <message>
        <source>{path} is no longer searched for models.</source>
        <translation>不再在 {path} 中查找模型。</translation>
    </message>
</context>
<context>
    <name>notices</name>
    <message>
        <source>{count} more files were refused.</source>
        <translation>还有 {count} 个文件未能添加。</translation>
    </message>
</context>
<context>
    <name>notifier</name>
    <message>
        <source>{tool} of {server}</source>
        <translation>{server} 的 {tool}</translation>
    </message>
    <message>
        <source>A tool waits for your permission</source>
        <translation>有工具正在等待你的允许</translation>
    </message>
    <message>
        <source>The response failed</source>
        <translation>回答失败</translation>
    </message>
    <message>
        <source>The response is ready</source>
        <translation>回答已完成</translation>
    </message>
    <message>
        <source>{name} is loaded</source>
        <translation>{name} 已加载</translation>
    </message>
    <message>
        <source>{name} could not be loaded</source>
        <translation>{name} 未能加载</translation>
    </message>
</context>
<context>
    <name>offers</name>
    <message>
        <source>Best for this computer</source>
        <translation>最适合这台电脑</translation>
    </message>
    <message>
        <source>Fast</source>
        <translation>速度快</translation>
    </message>
    <message>
        <source>For code</source>
        <translation>适合编程</translation>
    </message>
    <message>
        <source>For search in texts</source>
        <translation>适合文本搜索</translation>
    </message>
    <message>
        <source>size not known</source>
        <translation>大小未知</translation>
    </message>
    <message>
        <source>{count} downloads</source>
        <translation>{count} 次下载</translation>
    </message>
    <message>
        <source>Too large: needs {needed} of {limit}</source>
        <translation>太大：需要 {needed}，可用 {limit}</translation>
    </message>
    <message>
        <source>context of up to {count} tokens</source>
        <translation>上下文最长 {count} 个词元</translation>
    </message>
    <message>
        <source>about {count} tokens/s</source>
        <translation>约 {count} 词元/秒</translation>
    </message>
    <message>
        <source>{done} of {total}</source>
        <translation>{done}，共 {total}</translation>
    </message>
    <message>
        <source>waiting for its turn</source>
        <translation>正在排队</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>{size}/s</source>
        <translation>{size}/秒</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>剩余 {time}</translation>
    </message>
</context>
<context>
    <name>opening</name>
    <message>
        <source>Attach files</source>
        <translation>添加附件</translation>
    </message>
</context>
<context>
    <name>program</name>
    <message>
        <source>{error} Until then, your conversations are saved in {name}.</source>
        <translation>{error}在此之前，对话会存储在 {name} 中。</translation>
    </message>
    <message>
        <source>Your conversation database was damaged. {messages} messages in {conversations} conversations were recovered. The damaged file was kept as {name}.</source>
        <translation>对话数据库已损坏，已恢复 {conversations} 个对话中的 {messages} 条消息。损坏的文件保留为 {name}。</translation>
    </message>
    <message>
        <source>Your conversation database is missing. You can restore the backup of {date} in Settings.</source>
        <translation>找不到你的对话数据库。你可以在设置中恢复 {date} 的备份。</translation>
    </message>
    <message>
        <source>You can also restore the backup of {date} in Settings.</source>
        <translation>你也可以在设置中恢复 {date} 的备份。</translation>
    </message>
    <message>
        <source>{count} messages</source>
        <translation>{count} 条消息</translation>
    </message>
    <message>
        <source>{count} conversations</source>
        <translation>{count} 个对话</translation>
    </message>
    <message>
        <source>{count} folders</source>
        <translation>{count} 个文件夹</translation>
    </message>
    <message>
        <source>{count} presets</source>
        <translation>{count} 个预设</translation>
    </message>
    <message>
        <source>{count} drafts</source>
        <translation>{count} 份草稿</translation>
    </message>
    <message>
        <source>Lost: {what}.</source>
        <translation>丢失：{what}。</translation>
    </message>
    <message>
        <source>More may be lost: the list of what was there is damaged, too.</source>
        <translation>可能还有更多丢失：原有内容的索引也已损坏。</translation>
    </message>
    <message>
        <source>Nothing was lost.</source>
        <translation>没有丢失任何内容。</translation>
    </message>
</context>
<context>
    <name>quantize</name>
    <message>
        <source>The measurement of {name} was removed.</source>
        <translation>已移除 {name} 的测量结果。</translation>
    </message>
    <message>
        <source>The measurements cannot be saved: {reason}.</source>
        <translation>无法存储测量结果：{reason}。</translation>
    </message>
</context>
<context>
    <name>ranges</name>
    <message>
        <source>Any whole number.</source>
        <translation>任意整数。</translation>
    </message>
    <message>
        <source>More than {least}{unit}.</source>
        <translation>大于 {least}{unit}。</translation>
    </message>
    <message>
        <source>At least {least}{unit}.</source>
        <translation>不小于 {least}{unit}。</translation>
    </message>
    <message>
        <source>More than {least}, at most {most}{unit}.</source>
        <translation>大于 {least}，不超过 {most}{unit}。</translation>
    </message>
    <message>
        <source>{least} to {most}{unit}.</source>
        <translation>{least} 到 {most}{unit}。</translation>
    </message>
    <message>
        <source>{help} {range}</source>
        <translation>{help}{range}</translation>
    </message>
    <message>
        <source>“{text}” is not used. A whole number is needed. {range}</source>
        <translation>“{text}”不会被采用。这里需要整数。{range}</translation>
    </message>
    <message>
        <source>“{text}” is not used. A number is needed. {range}</source>
        <translation>“{text}”不会被采用。这里需要数字。{range}</translation>
    </message>
    <message>
        <source>tokens</source>
        <translation>个词元</translation>
    </message>
    <message>
        <source>seconds</source>
        <translation>秒</translation>
    </message>
    <message>
        <source>minutes</source>
        <translation>分钟</translation>
    </message>
    <message>
        <source>pixels</source>
        <translation>像素</translation>
    </message>
</context>
<context>
    <name>retention</name>
    <message>
        <source>1 conversation not used for {days} days was deleted.</source>
        <translation>已删除 1 个超过 {days} 天未使用的对话。</translation>
    </message>
    <message>
        <source>{count} conversations not used for {days} days were deleted.</source>
        <translation>已删除 {count} 个超过 {days} 天未使用的对话。</translation>
    </message>
    <message>
        <source>Conversations are no longer deleted automatically. You can change that in Settings.</source>
        <translation>不再自动删除对话。可以在设置中更改。</translation>
    </message>
</context>
<context>
    <name>sections</name>
    <message>
        <source>Untitled</source>
        <translation>未命名</translation>
    </message>
    <message>
        <source>MMMM yyyy</source>
        <translation>yyyy年M月</translation>
    </message>
    <message>
        <source>Pinned</source>
        <translation>已置顶</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>Previous 7 Days</source>
        <translation>过去 7 天</translation>
    </message>
    <message>
        <source>Previous 30 Days</source>
        <translation>过去 30 天</translation>
    </message>
    <message>
        <source>{title}, generating</source>
        <translation>{title}，正在生成</translation>
    </message>
    <message>
        <source>{heading}, collapsed, conversations: {count}</source>
        <translation>{heading}，已折叠，{count} 个对话</translation>
    </message>
</context>
<context>
    <name>server</name>
    <message>
        <source>The server cannot be started. Reinstall qwen3mlx.</source>
        <translation>无法启动服务器，请重新安装 qwen3mlx。</translation>
    </message>
    <message>
        <source>See {file} for details.</source>
        <translation>详细信息请查看 {file}。</translation>
    </message>
    <message>
        <source>It has crashed {count} times and will not be restarted.</source>
        <translation>它已崩溃 {count} 次，不会再自动重新启动。</translation>
    </message>
    <message>
        <source>The server quit unexpectedly (exit code {code}).</source>
        <translation>服务器意外退出（退出码 {code}）。</translation>
    </message>
    <message>
        <source>The system terminated the server. A model may need too much memory.</source>
        <translation>系统终止了服务器。模型可能需要过多内存。</translation>
    </message>
    <message>
        <source>The server crashed ({signal}).</source>
        <translation>服务器崩溃（{signal}）。</translation>
    </message>
    <message>
        <source>Port {port} is in use by another app. The server uses a free port for now.</source>
        <translation>端口 {port} 已被其他 App 占用，服务器暂时使用空闲端口。</translation>
    </message>
    <message>
        <source>{reason} The server is restarting.</source>
        <translation>{reason}服务器正在重新启动。</translation>
    </message>
</context>
<context>
    <name>server_errors</name>
    <message>
        <source>The conversation has {1} tokens, but the model&apos;s context holds {0}. Shorten it, or load the model with a longer context.</source>
        <translation>对话有 {1} 个词元，但模型的上下文只能容纳 {0} 个。请缩短对话，或以更长的上下文加载模型。</translation>
    </message>
    <message>
        <source>There is not enough memory: {0} are needed, and {1} are available. Use a smaller model, fewer bits, or a shorter context.</source>
        <translation>内存不足：需要 {0}，可用 {1}。请使用更小的模型、更低的位数或更短的上下文。</translation>
    </message>
    <message>
        <source>This model is not on this computer. Choose another one.</source>
        <translation>这台电脑上没有此模型，请选取其他模型。</translation>
    </message>
    <message>
        <source>The model&apos;s files cannot be used. Download the model again. ({message})</source>
        <translation>模型的文件无法使用，请重新下载模型。（{message}）</translation>
    </message>
    <message>
        <source>The model&apos;s chat template does not work. ({message})</source>
        <translation>模型的对话模板无法使用。（{message}）</translation>
    </message>
    <message>
        <source>The server is busy. Try again in a moment.</source>
        <translation>服务器正忙，请稍后再试。</translation>
    </message>
    <message>
        <source>The model was unloaded during the answer. Try again.</source>
        <translation>回答期间模型被卸载，请重试。</translation>
    </message>
    <message>
        <source>The download failed. ({message})</source>
        <translation>下载失败。（{message}）</translation>
    </message>
    <message>
        <source>The hub cannot be reached. Check the connection. ({message})</source>
        <translation>无法连接模型社区。请检查网络。（{message}）</translation>
    </message>
    <message>
        <source>The server cannot save this. Free up some space, or check its folder&apos;s permissions.</source>
        <translation>服务器无法存储，请腾出空间或检查其文件夹的权限。</translation>
    </message>
    <message>
        <source>A settings file of the server is damaged. ({message})</source>
        <translation>服务器的设置文件已损坏。（{message}）</translation>
    </message>
    <message>
        <source>The server made an error. Try again, or restart it.</source>
        <translation>服务器出错，请重试或重新启动服务器。</translation>
    </message>
    <message>
        <source>The server does not accept this app&apos;s key. Restart the server.</source>
        <translation>服务器不接受本 App 的密钥，请重新启动服务器。</translation>
    </message>
    <message>
        <source>The model cannot be deleted. ({message})</source>
        <translation>无法删除此模型。（{message}）</translation>
    </message>
    <message>
        <source>The tools cannot be used. ({message})</source>
        <translation>工具无法使用。（{message}）</translation>
    </message>
    <message>
        <source>Signing in failed. ({message})</source>
        <translation>登录失败。（{message}）</translation>
    </message>
    <message>
        <source>The conversion failed. ({message})</source>
        <translation>转换失败。（{message}）</translation>
    </message>
    <message>
        <source>The text cannot be used. ({message})</source>
        <translation>该文本无法使用。（{message}）</translation>
    </message>
    <message>
        <source>This is not possible. ({message})</source>
        <translation>无法完成此操作。（{message}）</translation>
    </message>
    <message>
        <source>The server ended. ({message})</source>
        <translation>服务器已退出。（{message}）</translation>
    </message>
    <message>
        <source>This did not succeed. ({message})</source>
        <translation>操作未成功。（{message}）</translation>
    </message>
    <message>
        <source>{0}.</source>
        <translation>{0}。</translation>
    </message>
    <message>
        <source>{0} ({1})</source>
        <translation>{0}（{1}）</translation>
    </message>
    <message>
        <source>{0}: {1}</source>
        <translation>{0}：{1}</translation>
    </message>
    <message>
        <source>the command {0} was not found: install it, or write its whole path</source>
        <translation>找不到命令 {0}：请先安装它，或写出完整路径</translation>
    </message>
    <message>
        <source>it has ended</source>
        <translation>它已退出</translation>
    </message>
    <message>
        <source>{0} is there twice</source>
        <translation>{0} 出现了两次</translation>
    </message>
    <message>
        <source>there are more than {0} servers</source>
        <translation>服务器超过 {0} 个</translation>
    </message>
    <message>
        <source>{0} must be a JSON object</source>
        <translation>{0} 必须是 JSON 对象</translation>
    </message>
    <message>
        <source>{0} must have either a command or a url</source>
        <translation>{0} 必须有 command 或 url 其中之一</translation>
    </message>
    <message>
        <source>{0} is no name for a server: it must have up to {1} characters and no /</source>
        <translation>{0} 不能用作服务器的名称：最多 {1} 个字符，且不能含有 /</translation>
    </message>
    <message>
        <source>{0} is the name of the program&apos;s own tools: choose another</source>
        <translation>{0} 是程序自带工具的名称：请换一个</translation>
    </message>
    <message>
        <source>{0} is {1}; it must be {2}</source>
        <translation>{0} 的值是 {1}，必须是 {2}</translation>
    </message>
    <message>
        <source>{0} must be a name or a whole path, as the current folder is never run</source>
        <translation>{0} 必须是命令名称或完整路径，因为不会运行当前文件夹中的程序</translation>
    </message>
    <message>
        <source>{0} must be an address such as https://example.com/mcp</source>
        <translation>{0} 必须是 https://example.com/mcp 这样的地址</translation>
    </message>
    <message>
        <source>{0} must be a non-empty string</source>
        <translation>{0} 必须是非空字符串</translation>
    </message>
    <message>
        <source>{0} must be a list of strings</source>
        <translation>{0} 必须是字符串列表</translation>
    </message>
    <message>
        <source>{0} must be an object of strings</source>
        <translation>{0} 必须是值为字符串的对象</translation>
    </message>
    <message>
        <source>{0} must be the whole path of a folder</source>
        <translation>{0} 必须是文件夹的完整路径</translation>
    </message>
    <message>
        <source>{0} must be true or false</source>
        <translation>{0} 必须是 true 或 false</translation>
    </message>
    <message>
        <source>{0} has a key that cannot be the name of a variable</source>
        <translation>{0} 中有不能用作变量名的键</translation>
    </message>
    <message>
        <source>{0} has a header that cannot be sent: {1}</source>
        <translation>{0} 中有无法发送的标头：{1}</translation>
    </message>
    <message>
        <source>{0} has no effect here</source>
        <translation>{0} 在这里不起作用</translation>
    </message>
    <message>
        <source>it must be a JSON object</source>
        <translation>必须是 JSON 对象</translation>
    </message>
    <message>
        <source>a value cannot be read</source>
        <translation>有一个值无法读取</translation>
    </message>
    <message>
        <source>a comma or }} is missing</source>
        <translation>缺少逗号或 }}</translation>
    </message>
    <message>
        <source>a key in &quot; is missing</source>
        <translation>缺少用 &quot; 括起的键</translation>
    </message>
    <message>
        <source>a colon is missing</source>
        <translation>缺少冒号</translation>
    </message>
    <message>
        <source>expecting value</source>
        <translation>缺少值</translation>
    </message>
    <message>
        <source>expecting &apos;,&apos; delimiter</source>
        <translation>缺少逗号</translation>
    </message>
    <message>
        <source>expecting &apos;:&apos; delimiter</source>
        <translation>缺少冒号</translation>
    </message>
    <message>
        <source>expecting property name enclosed in double quotes</source>
        <translation>缺少用双引号括起的键</translation>
    </message>
    <message>
        <source>unterminated string starting at</source>
        <translation>字符串没有结束</translation>
    </message>
    <message>
        <source>invalid control character at</source>
        <translation>字符串中有控制字符</translation>
    </message>
    <message>
        <source>invalid \escape: </source>
        <translation>反斜杠后的字符无效</translation>
    </message>
    <message>
        <source>invalid \uXXXX escape</source>
        <translation>\u 后的字符无效</translation>
    </message>
    <message>
        <source>illegal trailing comma before end of object</source>
        <translation>最后一个成员后多了逗号</translation>
    </message>
    <message>
        <source>illegal trailing comma before end of array</source>
        <translation>最后一个元素后多了逗号</translation>
    </message>
    <message>
        <source>The entry of a server must be a JSON object.</source>
        <translation>服务器的条目必须是 JSON 对象。</translation>
    </message>
    <message>
        <source>{0} has a server {1} already: choose another name, or remove it with `qwen3mlx mcp remove {2}`.</source>
        <translation>{0} 中已有服务器 {1}：请换一个名称，或用 `qwen3mlx mcp remove {2}` 移除它。</translation>
    </message>
    <message>
        <source>There is a server {0} in {1} already.</source>
        <translation>{1} 中已有服务器 {0}。</translation>
    </message>
    <message>
        <source>There are no servers in it: they belong into an object mcpServers.</source>
        <translation>其中没有服务器：它们应放在 mcpServers 对象中。</translation>
    </message>
    <message>
        <source>Line {0}: {1}.</source>
        <translation>第 {0} 行：{1}。</translation>
    </message>
    <message>
        <source>line {0}: {1}</source>
        <translation>第 {0} 行：{1}</translation>
    </message>
    <message>
        <source>There is no server {0}.</source>
        <translation>没有服务器 {0}。</translation>
    </message>
    <message>
        <source>The MCP server {0} failed: {1}.</source>
        <translation>MCP 服务器 {0} 无法使用：{1}。</translation>
    </message>
    <message>
        <source>{0} It will be started again in {1} seconds at the earliest.</source>
        <translation>{0}最早将在 {1} 秒后重新启动。</translation>
    </message>
    <message>
        <source>it does not answer</source>
        <translation>它没有响应</translation>
    </message>
    <message>
        <source>All connection attempts failed</source>
        <translation>连接失败</translation>
    </message>
    <message>
        <source>the variable {0} that it needs is not set</source>
        <translation>它需要的变量 {0} 没有设置</translation>
    </message>
    <message>
        <source>its answer is too large</source>
        <translation>它的响应过大</translation>
    </message>
    <message>
        <source>it compresses its answers, which was not asked for</source>
        <translation>它未经请求就压缩了响应</translation>
    </message>
    <message>
        <source>it does not know who you are: {0}</source>
        <translation>它不知道你的身份：{0}</translation>
    </message>
    <message>
        <source>give it a key in headers</source>
        <translation>请在标头中提供密钥</translation>
    </message>
    <message>
        <source>sign in with `{0}`, or {1}</source>
        <translation>请用 `{0}` 登录，或{1}</translation>
    </message>
    <message>
        <source>The tools have been closed.</source>
        <translation>工具已关闭。</translation>
    </message>
    <message>
        <source>{0} has no server {1}: {2}.</source>
        <translation>{0} 中没有服务器 {1}：{2}。</translation>
    </message>
    <message>
        <source>it is not there</source>
        <translation>找不到它</translation>
    </message>
    <message>
        <source>The MCP server {0} is disabled in {1}.</source>
        <translation>MCP 服务器 {0} 已在 {1} 中停用。</translation>
    </message>
    <message>
        <source>The MCP server {0} has been ended.</source>
        <translation>MCP 服务器 {0} 已结束。</translation>
    </message>
    <message>
        <source>The MCP server {0} does not answer.</source>
        <translation>MCP 服务器 {0} 没有响应。</translation>
    </message>
    <message>
        <source>The MCP server {0} has more than {1} tools: the first {2} can be used, the others are left out.</source>
        <translation>MCP 服务器 {0} 的工具超过 {1} 个：只能使用前 {2} 个，其余的会略去。</translation>
    </message>
    <message>
        <source>The MCP server {0} is another one now: list its tools again.</source>
        <translation>MCP 服务器 {0} 已更换：请重新查询它的工具。</translation>
    </message>
    <message>
        <source>The MCP server {0} runs here: there is nothing to sign in.</source>
        <translation>MCP 服务器 {0} 在本机运行，无需登录。</translation>
    </message>
    <message>
        <source>its address for signing in is no web address</source>
        <translation>它的登录地址不是网址</translation>
    </message>
    <message>
        <source>nobody has signed in within 5 minutes</source>
        <translation>5 分钟内没有人登录</translation>
    </message>
    <message>
        <source>signing in was given up</source>
        <translation>登录已取消</translation>
    </message>
    <message>
        <source>signing in has failed ({0})</source>
        <translation>登录失败（{0}）</translation>
    </message>
    <message>
        <source>it refers to {0}, which is not safe to ask</source>
        <translation>它指向 {0}，访问该地址不安全</translation>
    </message>
    <message>
        <source>its name must have 1 to {0} visible characters</source>
        <translation>名称必须有 1 至 {0} 个可见字符</translation>
    </message>
    <message>
        <source>its schema has more than {0} characters</source>
        <translation>它的 schema 超过 {0} 个字符</translation>
    </message>
    <message>
        <source>its inputSchema is not a JSON Schema</source>
        <translation>它的 inputSchema 不是 JSON Schema</translation>
    </message>
    <message>
        <source>its inputSchema must describe an object</source>
        <translation>它的 inputSchema 必须描述一个对象</translation>
    </message>
    <message>
        <source>{0} cannot be called: {1}.</source>
        <translation>无法调用 {0}：{1}。</translation>
    </message>
    <message>
        <source>The server has no tool {0}.</source>
        <translation>该服务器没有工具 {0}。</translation>
    </message>
    <message>
        <source>The arguments do not fit the tool&apos;s schema ({0}): correct them.</source>
        <translation>参数不符合工具的 schema（{0}）：请更正。</translation>
    </message>
    <message>
        <source>{0} needs the folders that may be read.</source>
        <translation>{0} 需要指定允许读取的文件夹。</translation>
    </message>
    <message>
        <source>{0} takes no folder.</source>
        <translation>{0} 不接受文件夹。</translation>
    </message>
    <message>
        <source>{0} is no folder.</source>
        <translation>{0} 不是文件夹。</translation>
    </message>
    <message>
        <source>Get the current date, time and weekday, here or in a time zone.</source>
        <translation>获取当前日期、时间和星期，可指定时区。</translation>
    </message>
    <message>
        <source>IANA name such as Asia/Tokyo; left out for the user&apos;s own.</source>
        <translation>IANA 名称，例如 Asia/Tokyo；省略时使用本机时区。</translation>
    </message>
    <message>
        <source>Calculate an expression exactly: + - * / // % **, comparisons, and functions ({0}).</source>
        <translation>精确计算表达式：+ - * / // % **、比较运算，以及函数（{0}）。</translation>
    </message>
    <message>
        <source>For example (17 * 23) / 4 + sqrt(2).</source>
        <translation>例如 (17 * 23) / 4 + sqrt(2)。</translation>
    </message>
    <message>
        <source>Read a page of the public web, as markdown.</source>
        <translation>读取公开网页，转为 Markdown。</translation>
    </message>
    <message>
        <source>Begin at this character, to read on in a long page.</source>
        <translation>从此字符开始，用于继续读取较长的网页。</translation>
    </message>
    <message>
        <source>List the files and folders in {0}.</source>
        <translation>列出 {0} 中的文件和文件夹。</translation>
    </message>
    <message>
        <source>Read a text file in {0}.</source>
        <translation>读取 {0} 中的文本文件。</translation>
    </message>
    <message>
        <source>Find the lines that contain a text, and names of files, in {0}.</source>
        <translation>在 {0} 中查找包含某段文本的行和文件名。</translation>
    </message>
    <message>
        <source>A whole path, or one within an allowed folder.</source>
        <translation>完整路径，或相对于允许的文件夹的路径。</translation>
    </message>
    <message>
        <source>Begin at this line, to read on in a long file.</source>
        <translation>从此行开始，用于继续读取较长的文件。</translation>
    </message>
    <message>
        <source>Only in this folder.</source>
        <translation>仅在此文件夹中。</translation>
    </message>
    <message>
        <source>Run Python code in a sandbox without network or files, and return what it prints.</source>
        <translation>在没有网络和文件的沙盒中运行 Python 代码，并返回其输出。</translation>
    </message>
    <message>
        <source>The server refused the request: {message}</source>
        <translation>服务器拒绝了请求：{message}</translation>
    </message>
    <message>
        <source>{0} holds a model of the family {1}; only those of {2} can be imported: take a Qwen3.</source>
        <translation>{0} 中是 {1} 系列的模型；只能导入 {2} 系列的模型：请选用 Qwen3。</translation>
    </message>
    <message>
        <source>{0} holds {1}, and no model: import the file that holds the model&apos;s weights.</source>
        <translation>{0} 中是{1}，不是模型：请导入包含模型权重的文件。</translation>
    </message>
    <message>
        <source>a LoRA adapter</source>
        <translation>LoRA 适配器</translation>
    </message>
    <message>
        <source>a projector for images</source>
        <translation>图像投影器</translation>
    </message>
    <message>
        <source>an importance matrix</source>
        <translation>重要性矩阵</translation>
    </message>
    <message>
        <source>{0} has {1}, which a Qwen3 does not have.</source>
        <translation>{0} 含有 Qwen3 没有的 {1}。</translation>
    </message>
    <message>
        <source>{0}; it must be a number.</source>
        <translation>{0}，必须是数字。</translation>
    </message>
    <message>
        <source>{0} has no {1}; download it again.</source>
        <translation>{0} 没有 {1}；请重新下载。</translation>
    </message>
    <message>
        <source>{0} has {1} and keys of {2} numbers; in a Qwen3 they are equal.</source>
        <translation>{0} 中 {1}，键的长度为 {2}；Qwen3 的这两者相等。</translation>
    </message>
    <message>
        <source>{0} has pooling_type {1}; a Qwen3 embeds with the last token (3) or ranks (4).</source>
        <translation>{0} 的 pooling_type 是 {1}；Qwen3 用最后一个词元嵌入（3）或排序（4）。</translation>
    </message>
    <message>
        <source>{0} has rope.scaling.type {1}; those supported are none, linear and yarn.</source>
        <translation>{0} 的 rope.scaling.type 是 {1}；支持 none、linear 和 yarn。</translation>
    </message>
    <message>
        <source>{0} is one of {1} files and its name says {2}; give the files back their names, or download them again if they were joined.</source>
        <translation>{0} 是 {1} 个文件之一，而文件名说有 {2} 个；请恢复文件原来的名称；如果文件已被合并，请重新下载。</translation>
    </message>
    <message>
        <source>{0} holds {1} a second time; download it again.</source>
        <translation>{0} 中重复出现 {1}；请重新下载。</translation>
    </message>
    <message>
        <source>{0} holds {1}, which a Qwen3 of its shape does not have.</source>
        <translation>{0} 中有 {1}，这种形状的 Qwen3 没有它。</translation>
    </message>
    <message>
        <source>{0} has no tensor {1}; download it again.</source>
        <translation>{0} 没有张量 {1}；请重新下载。</translation>
    </message>
    <message>
        <source>{0} has shape {1}, its metadata asks for {2}.</source>
        <translation>{0} 的形状是 {1}，而元数据要求 {2}。</translation>
    </message>
    <message>
        <source>{0} is quantized with type {1}, which cannot be read: download the model in another quantization, such as Q4_K_M.</source>
        <translation>{0} 以类型 {1} 量化，无法读取：请下载其他量化版本，例如 Q4_K_M。</translation>
    </message>
    <message>
        <source>{0} has rows of {1} numbers, which {2} cannot hold.</source>
        <translation>{0} 每行有 {1} 个数，{2} 无法容纳。</translation>
    </message>
    <message>
        <source>{0} is truncated: {1} is cut off; download it again.</source>
        <translation>{0} 不完整：{1} 被截断；请重新下载。</translation>
    </message>
    <message>
        <source>{0} cannot be read: {1}.</source>
        <translation>无法读取 {0}：{1}。</translation>
    </message>
    <message>
        <source>{0} got shorter while being read.</source>
        <translation>{0} 在读取过程中变短了。</translation>
    </message>
    <message>
        <source>The tokenizer in {0} cannot be used: {1}</source>
        <translation>{0} 中的分词器无法使用：{1}</translation>
    </message>
    <message>
        <source>{0} has a tokenizer of the kind {1}; a Qwen3&apos;s is gpt2, with its tokens in the file.</source>
        <translation>{0} 的分词器类型是 {1}；Qwen3 的是 gpt2，且词元在文件中。</translation>
    </message>
    <message>
        <source>{0} has {1} tokens and not as many token types.</source>
        <translation>{0} 有 {1} 个词元，但词元类型的数量不同。</translation>
    </message>
    <message>
        <source>{0} splits words as {1}; known are {2}.</source>
        <translation>{0} 的分词方式是 {1}；已知的有 {2}。</translation>
    </message>
    <message>
        <source>{0} has no merges of tokens; download it again.</source>
        <translation>{0} 没有词元合并表；请重新下载。</translation>
    </message>
    <message>
        <source>{0} lists a token twice; download it again.</source>
        <translation>{0} 中有重复的词元；请重新下载。</translation>
    </message>
    <message>
        <source>There is no file {0}: name a .gguf file, or ollama:NAME.</source>
        <translation>没有文件 {0}：请选择 .gguf 文件。</translation>
    </message>
    <message>
        <source>{0} consists of a model and {1}, which cannot be imported.</source>
        <translation>{0} 由模型和 {1} 组成，无法导入。</translation>
    </message>
    <message>
        <source>Ollama has no model {0}: there are {1}.</source>
        <translation>Ollama 没有模型 {0}：现有 {1}。</translation>
    </message>
    <message>
        <source>{0} names no GGUF file: pull the model again with Ollama.</source>
        <translation>{0} 没有指明 GGUF 文件：请用 Ollama 重新拉取模型。</translation>
    </message>
    <message>
        <source>{0} is not a new folder: give the folder to write a name.</source>
        <translation>{0} 不是新文件夹：请为要写入的文件夹命名。</translation>
    </message>
    <message>
        <source>{0} overlaps the source folder {1}: choose another folder.</source>
        <translation>{0} 与源文件夹 {1} 重叠：请选择其他文件夹。</translation>
    </message>
    <message>
        <source>{0} is a file: choose a folder for {1}.</source>
        <translation>{0} 是文件：请为 {1} 选择文件夹。</translation>
    </message>
    <message>
        <source>{0} already exists: choose another folder, or delete it.</source>
        <translation>{0} 已存在：请选择其他文件夹，或删除它。</translation>
    </message>
    <message>
        <source>{0} needs {1}, but only {2} are free there: free some space, or choose another disk.</source>
        <translation>{0} 需要 {1}，但那里只剩 {2}：请腾出空间，或选择其他磁盘。</translation>
    </message>
    <message>
        <source>The disk of {0} is full; nothing was left there: free {1} and try again.</source>
        <translation>{0} 所在磁盘已满，没有留下任何内容：请腾出 {1} 后重试。</translation>
    </message>
    <message>
        <source>{0} The weights are written but could not be measured: use --resume without --evaluate.</source>
        <translation>{0}权重已写好，但无法测量：请不带测量继续。</translation>
    </message>
    <message>
        <source>{0} does not look like an interrupted conversion: nothing was deleted; look into it, and delete it yourself.</source>
        <translation>{0} 不像是中断的转换，没有删除任何内容：请查看后自行删除。</translation>
    </message>
    <message>
        <source>{0} does not have the planned size.</source>
        <translation>{0} 的大小与计划不符。</translation>
    </message>
    <message>
        <source>{0} is longer than what was written; convert again.</source>
        <translation>{0} 比写入的内容长；请重新转换。</translation>
    </message>
    <message>
        <source>{0} differs from what was written: the disk may be failing; convert again, to another disk.</source>
        <translation>{0} 与写入的内容不同，磁盘可能有故障：请在其他磁盘上重新转换。</translation>
    </message>
    <message>
        <source>{0} is damaged: delete {1} and convert again.</source>
        <translation>{0} 已损坏：请删除 {1} 后重新转换。</translation>
    </message>
    <message>
        <source>The interrupted conversion in {0} had another source or other options: use the same ones, or --discard to start over.</source>
        <translation>{0} 中中断的转换使用了其他来源或选项：请使用相同的设置，或取消它后重新开始。</translation>
    </message>
    <message>
        <source>{0} holds files that are not a conversion&apos;s: move or delete it.</source>
        <translation>{0} 中有不属于转换的文件：请移走或删除它。</translation>
    </message>
    <message>
        <source>{0} was not written by the conversion, and nothing was deleted: move it elsewhere, and try again.</source>
        <translation>{0} 不是转换写入的，没有删除任何内容：请将它移到别处后重试。</translation>
    </message>
    <message>
        <source>{0} differs from what was written; convert again.</source>
        <translation>{0} 与写入的内容不同；请重新转换。</translation>
    </message>
    <message>
        <source>{0} is not a folder of yours, and the conversion needs that name: move it, or choose another place.</source>
        <translation>{0} 不是你的文件夹，而转换需要该名称：请移走它，或选择其他位置。</translation>
    </message>
    <message>
        <source>{0} is not an ordinary file: delete {1} and convert again.</source>
        <translation>{0} 不是普通文件：请删除 {1} 后重新转换。</translation>
    </message>
    <message>
        <source>Another run is writing {0}: wait for it, or choose another folder.</source>
        <translation>另一个任务正在写入 {0}：请等待它完成，或选择其他文件夹。</translation>
    </message>
    <message>
        <source>A conversion to {0} was interrupted: use --resume to continue it, or --discard to delete it.</source>
        <translation>到 {0} 的转换曾中断：请继续它，或取消它。</translation>
    </message>
    <message>
        <source>No space left on device</source>
        <translation>磁盘空间不足</translation>
    </message>
    <message>
        <source>Permission denied</source>
        <translation>没有权限</translation>
    </message>
    <message>
        <source>Operation not permitted</source>
        <translation>不允许此操作</translation>
    </message>
    <message>
        <source>Read-only file system</source>
        <translation>磁盘只读</translation>
    </message>
    <message>
        <source>No such file or directory</source>
        <translation>文件或文件夹不存在</translation>
    </message>
    <message>
        <source>Not a directory</source>
        <translation>不是文件夹</translation>
    </message>
    <message>
        <source>Is a directory</source>
        <translation>是文件夹</translation>
    </message>
    <message>
        <source>File exists</source>
        <translation>文件已存在</translation>
    </message>
    <message>
        <source>Directory not empty</source>
        <translation>文件夹不为空</translation>
    </message>
    <message>
        <source>Input/output error</source>
        <translation>读写出错</translation>
    </message>
    <message>
        <source>it is read-only</source>
        <translation>它是只读的</translation>
    </message>
    <message>
        <source>this user has no home folder</source>
        <translation>此用户没有个人文件夹</translation>
    </message>
    <message>
        <source>{0} is not a folder.</source>
        <translation>{0} 不是文件夹。</translation>
    </message>
    <message>
        <source>{0} is not one of the added folders.</source>
        <translation>{0} 不在已添加的文件夹中。</translation>
    </message>
    <message>
        <source>{0}; it must be absolute.</source>
        <translation>{0}，必须是完整路径。</translation>
    </message>
    <message>
        <source>path is {0}</source>
        <translation>路径是 {0}</translation>
    </message>
    <message>
        <source>There is no download with the id {0}.</source>
        <translation>没有编号为 {0} 的下载。</translation>
    </message>
    <message>
        <source>{0} is being downloaded: remove its download first.</source>
        <translation>{0} 正在下载：请先移除该下载。</translation>
    </message>
    <message>
        <source>This model is deleted for good: download it again.</source>
        <translation>此模型已永久删除：请重新下载。</translation>
    </message>
    <message>
        <source>{0} is a model with the adapter in {1}: delete that folder.</source>
        <translation>{0} 是带有 {1} 中适配器的模型：请删除该文件夹。</translation>
    </message>
    <message>
        <source>{0} ({1}); only models in the Hugging Face cache are deleted.</source>
        <translation>{0}（{1}）；只能删除 Hugging Face 缓存中的模型。</translation>
    </message>
    <message>
        <source>{0} comes with the program</source>
        <translation>{0} 是程序自带的模型</translation>
    </message>
    <message>
        <source>{0} is in one of your folders</source>
        <translation>{0} 在你的文件夹中</translation>
    </message>
    <message>
        <source>{0} is a link: delete it, and what it leads to.</source>
        <translation>{0} 是链接：请删除它和它指向的内容。</translation>
    </message>
    <message>
        <source>{0} is there again: delete it to restore the earlier one.</source>
        <translation>{0} 又出现了：请先删除它，再恢复之前的模型。</translation>
    </message>
    <message>
        <source>{0} cannot be restored ({1}): its files are in {2}.</source>
        <translation>无法恢复 {0}（{1}）：它的文件在 {2} 中。</translation>
    </message>
    <message>
        <source>{0} cannot be deleted ({1}): check who may write there.</source>
        <translation>无法删除 {0}（{1}）：请检查写入权限。</translation>
    </message>
    <message>
        <source>{0} is not a valid key name; use a word such as laptop.</source>
        <translation>{0} 不能用作密钥名称；请用 laptop 这样的词。</translation>
    </message>
    <message>
        <source>A key named {0} already exists; revoke it first.</source>
        <translation>已有名为 {0} 的密钥；请先撤销它。</translation>
    </message>
    <message>
        <source>There is no key named {0}; existing keys: {1}.</source>
        <translation>没有名为 {0} 的密钥；现有密钥：{1}。</translation>
    </message>
    <message>
        <source>{0}: the entry of key {1} is broken; delete it and create a new key.</source>
        <translation>{0}：密钥 {1} 的条目已损坏；请删除它并新建密钥。</translation>
    </message>
    <message>
        <source>{0} is not supported; use {1}.</source>
        <translation>不支持 {0}；请使用 {1}。</translation>
    </message>
    <message>
        <source>{0} is not JSON ({1}): correct it, or delete it to start anew.</source>
        <translation>{0} 不是 JSON（{1}）：请更正，或删除它以重新开始。</translation>
    </message>
    <message>
        <source>{0} must hold a JSON object, not {1}: correct it, or delete it to start anew.</source>
        <translation>{0} 中必须是 JSON 对象，而不是 {1}：请更正，或删除它以重新开始。</translation>
    </message>
    <message>
        <source>{0} cannot be read ({1}): check who may read it.</source>
        <translation>无法读取 {0}（{1}）：请检查读取权限。</translation>
    </message>
    <message>
        <source>{0} is not an ordinary file: delete it.</source>
        <translation>{0} 不是普通文件：请删除它。</translation>
    </message>
    <message>
        <source>{0} has {1}, too much for such a file: correct it, or delete it to start anew.</source>
        <translation>{0} 的大小为 {1}，远大于正常大小：请更正，或删除它以重新开始。</translation>
    </message>
    <message>
        <source>{0} names the folder of a user who has none here: write the whole path.</source>
        <translation>{0} 所指用户在本机没有文件夹：请写出完整路径。</translation>
    </message>
    <message>
        <source>Nothing can be saved in {0} ({1}): {2}.</source>
        <translation>无法存储到 {0}（{1}）：{2}。</translation>
    </message>
    <message>
        <source>set QWEN3MLX_HOME to a folder that may be written</source>
        <translation>请将 QWEN3MLX_HOME 设为可写入的文件夹</translation>
    </message>
    <message>
        <source>the fault is at line {0}, column {1}</source>
        <translation>错误在第 {0} 行第 {1} 列</translation>
    </message>
    <message>
        <source>byte {0} is not UTF-8</source>
        <translation>第 {0} 个字节不是 UTF-8</translation>
    </message>
    <message>
        <source>a number is too long</source>
        <translation>有一个数字过长</translation>
    </message>
    <message>
        <source>it is nested too deeply</source>
        <translation>嵌套过深</translation>
    </message>
    <message>
        <source>{0} cannot be read ({1}).</source>
        <translation>无法读取 {0}（{1}）。</translation>
    </message>
    <message>
        <source>make room on that disk</source>
        <translation>请在该磁盘上腾出空间</translation>
    </message>
    <message>
        <source>another program writes there and does not end; end it</source>
        <translation>另一个程序一直在那里写入；请退出它</translation>
    </message>
    <message>
        <source>{0} is not a valid host name.</source>
        <translation>{0} 不是有效的主机名。</translation>
    </message>
    <message>
        <source>Port {0} is in use by {1}, or choose another with --port (0 picks a free one).</source>
        <translation>端口 {0} {1}，或换一个端口。</translation>
    </message>
    <message>
        <source>a qwen3mlx server; use or stop it</source>
        <translation>已被另一个 qwen3mlx 服务器占用；请使用或停止它</translation>
    </message>
    <message>
        <source>another program; stop it</source>
        <translation>已被另一个程序占用；请退出该程序</translation>
    </message>
    <message>
        <source>Port {0} requires administrator rights; choose one above 1023 with --port.</source>
        <translation>端口 {0} 需要管理员权限；请换用大于 1023 的端口。</translation>
    </message>
    <message>
        <source>Cannot listen on {0} ({1}); choose an address of this computer.</source>
        <translation>无法监听 {0}（{1}）；请使用这台电脑的地址。</translation>
    </message>
    <message>
        <source>{0} is not on this computer, and HF_HUB_OFFLINE forbids downloads: unset it.</source>
        <translation>这台电脑上没有 {0}，而 HF_HUB_OFFLINE 禁止下载：请取消该设定。</translation>
    </message>
    <message>
        <source>HF_HUB_OFFLINE forbids to ask the hub: unset it.</source>
        <translation>HF_HUB_OFFLINE 禁止访问模型社区：请取消该设定。</translation>
    </message>
    <message>
        <source>HF_HUB_OFFLINE forbids to search: unset it.</source>
        <translation>HF_HUB_OFFLINE 禁止搜索：请取消该设定。</translation>
    </message>
    <message>
        <source>{0} cannot be searched: use hf or modelscope.</source>
        <translation>无法搜索 {0}：请使用 hf 或 modelscope。</translation>
    </message>
    <message>
        <source>{0} returned no list of models (a page to log in?): try later.</source>
        <translation>{0} 没有返回模型列表（可能是登录页面）：请稍后再试。</translation>
    </message>
    <message>
        <source>{0} does not have this: check the name.</source>
        <translation>{0} 上没有它：请检查名称。</translation>
    </message>
    <message>
        <source>{0} failed with status {1}: try again later.</source>
        <translation>{0} 出错（状态 {1}）：请稍后再试。</translation>
    </message>
    <message>
        <source>{0} sent an answer without end: use another hub.</source>
        <translation>{0} 的响应没有尽头：请换一个社区。</translation>
    </message>
    <message>
        <source>{0} answers too slowly: try again later.</source>
        <translation>{0} 响应过慢：请稍后再试。</translation>
    </message>
    <message>
        <source>{0} cannot be reached ({1}): check the connection.</source>
        <translation>无法连接 {0}（{1}）：请检查网络。</translation>
    </message>
    <message>
        <source>{0} cannot be reached ({1}): check the connection, then run it again; finished files are kept.</source>
        <translation>无法连接 {0}（{1}）：请检查网络后重试；已完成的文件会保留。</translation>
    </message>
    <message>
        <source>Kaggle&apos;s model cards cannot be read here: see its page.</source>
        <translation>无法在此阅读 Kaggle 的模型卡片：请查看其网页。</translation>
    </message>
    <message>
        <source>{0} is not the name of a repository: org/repo is.</source>
        <translation>{0} 不是仓库名称：应为 org/repo。</translation>
    </message>
    <message>
        <source>{0} has no model card.</source>
        <translation>{0} 没有模型卡片。</translation>
    </message>
    <message>
        <source>{0} is no address of a hub: write it as in https://huggingface.co.</source>
        <translation>{0} 不是社区的地址：请写成 https://huggingface.co 这样的形式。</translation>
    </message>
    <message>
        <source>The token for {0} holds characters that no token has: copy it again.</source>
        <translation>用于 {0} 的令牌含有令牌中不会出现的字符：请重新拷贝。</translation>
    </message>
    <message>
        <source>A SOCKS proxy cannot be used: set ALL_PROXY and HTTPS_PROXY to the proxy&apos;s address for HTTP, as in http://127.0.0.1:7890.</source>
        <translation>无法使用 SOCKS 代理：请将 ALL_PROXY 和 HTTPS_PROXY 设为该代理的 HTTP 地址，例如 http://127.0.0.1:7890。</translation>
    </message>
    <message>
        <source>The proxy in ALL_PROXY, HTTP_PROXY or HTTPS_PROXY cannot be used ({0}): correct its address.</source>
        <translation>无法使用 ALL_PROXY、HTTP_PROXY 或 HTTPS_PROXY 中的代理（{0}）：请更正其地址。</translation>
    </message>
    <message>
        <source>{0} gave an answer about {1} that is not of the hub&apos;s form ({2}): use another hub; finished files are kept.</source>
        <translation>{0} 关于 {1} 的回复不符合该社区的格式（{2}）：请换一个社区；已完成的文件会保留。</translation>
    </message>
    <message>
        <source>A file of {0} is not of the size that the hub announced: run it again later, or use another hub; finished files are kept.</source>
        <translation>{0} 有文件与社区标明的大小不符：请稍后重试，或换一个社区；已完成的文件会保留。</translation>
    </message>
    <message>
        <source>{0} is gated: accept its terms at {1}, then set HF_TOKEN to a token of that account.</source>
        <translation>{0} 需要授权：请在 {1} 接受条款，再将 HF_TOKEN 设为该账户的令牌。</translation>
    </message>
    <message>
        <source>{0} has no such revision: see {1}.</source>
        <translation>{0} 没有此版本：请查看 {1}。</translation>
    </message>
    <message>
        <source>{0} has no model {1}, or it is private: {2}, or set HF_TOKEN.</source>
        <translation>{0} 上没有模型 {1}，或它是私有的：{2}，或设定 HF_TOKEN。</translation>
    </message>
    <message>
        <source>check the name</source>
        <translation>请检查名称</translation>
    </message>
    <message>
        <source>did you mean {0}</source>
        <translation>你要找的是 {0} 吗</translation>
    </message>
    <message>
        <source>{0} denied access to {1} ({2}): check the token in HF_TOKEN.</source>
        <translation>{0} 拒绝访问 {1}（{2}）：请检查 HF_TOKEN 中的令牌。</translation>
    </message>
    <message>
        <source>{0} is rate-limiting requests (429): wait a few minutes, or set HF_TOKEN.</source>
        <translation>{0} 正在限制请求频率（429）：请稍等几分钟，或设定 HF_TOKEN。</translation>
    </message>
    <message>
        <source>{0} refused the request with status {1}: check the name.</source>
        <translation>{0} 拒绝了请求（状态 {1}）：请检查名称。</translation>
    </message>
    <message>
        <source>The disk is full: free some space, then run it again; finished files are kept.</source>
        <translation>磁盘已满：请腾出空间后重试；已完成的文件会保留。</translation>
    </message>
    <message>
        <source>{0} cannot be written: {1}.</source>
        <translation>无法写入 {0}：{1}。</translation>
    </message>
    <message>
        <source>{0} is {1} ({2}), and qwen3mlx runs Qwen3&apos;s text models: take {3}.</source>
        <translation>{0} 是{1}（{2}），而 qwen3mlx 运行 Qwen3 的文本模型：请改用 {3}。</translation>
    </message>
    <message>
        <source>a vision model</source>
        <translation>视觉模型</translation>
    </message>
    <message>
        <source>of another family</source>
        <translation>其他系列的模型</translation>
    </message>
    <message>
        <source>The download cannot be written: {0}.</source>
        <translation>无法写入下载的文件：{0}。</translation>
    </message>
    <message>
        <source>{0} needs {1} more, and {2} has {3} free: free some space, or set {4} to a folder on another disk.</source>
        <translation>{0} 还需要 {1}，而 {2} 只剩 {3}：请腾出空间，或将 {4} 设为其他磁盘上的文件夹。</translation>
    </message>
    <message>
        <source>{0} has {1}, and no safetensors: take {2}.</source>
        <translation>{0} {1}，而没有 safetensors：请改用 {2}。</translation>
    </message>
    <message>
        <source>no weights</source>
        <translation>没有权重</translation>
    </message>
    <message>
        <source>its weights as pickles only, which can run code</source>
        <translation>的权重只有 pickle 格式，可能运行代码</translation>
    </message>
    <message>
        <source>its weights as GGUF only, which `qwen3mlx import` takes as files</source>
        <translation>的权重只有 GGUF 格式，可下载文件后导入</translation>
    </message>
    <message>
        <source>{0} has no {1}, which qwen3mlx needs: take {2}.</source>
        <translation>{0} 没有 qwen3mlx 需要的 {1}：请改用 {2}。</translation>
    </message>
    <message>
        <source>{0} has a config.json of {1}.</source>
        <translation>{0} 的 config.json 有 {1}。</translation>
    </message>
    <message>
        <source>{0} needs {1} for its weights and {2} can be used here: use a smaller model or fewer bits.</source>
        <translation>{0} 的权重需要 {1}，而这里可用 {2}：请使用更小的模型或更低的位数。</translation>
    </message>
    <message>
        <source>{0} needs {1} more, which other models use: try again when they are idle.</source>
        <translation>{0} 还需要 {1}，正被其他模型占用：请等它们空闲后再试。</translation>
    </message>
    <message>
        <source>The prompt&apos;s {0} tokens need {1} of memory and {2} are left beside the model: shorten it, load the model with quantized keys and values (kv_bits), or use a smaller model.</source>
        <translation>提示的 {0} 个词元需要 {1} 内存，而模型之外只剩 {2}：请缩短内容、量化键值缓存（kv_bits），或使用更小的模型。</translation>
    </message>
    <message>
        <source>{0} is being unloaded for another model: send the request again.</source>
        <translation>{0} 正为其他模型让出内存：请重新发送。</translation>
    </message>
    <message>
        <source>{0} was unloaded: send the request again to load it.</source>
        <translation>{0} 已卸载：请重新发送以载入它。</translation>
    </message>
    <message>
        <source>{0} was unloaded: send the request again.</source>
        <translation>{0} 已卸载：请重新发送。</translation>
    </message>
    <message>
        <source>{0}: send the request again.</source>
        <translation>{0}：请重新发送请求。</translation>
    </message>
    <message>
        <source>{0} requests are running or waiting for {1} already: try again later.</source>
        <translation>{1} 已有 {0} 个请求在运行或等待：请稍后再试。</translation>
    </message>
</context>
<context>
    <name>settings</name>
    <message>
        <source>The settings were reset.</source>
        <translation>设置已还原。</translation>
    </message>
    <message>
        <source>{url} is not a valid web address. Use one like https://hf-mirror.com.</source>
        <translation>{url} 不是有效的网址，请使用类似 https://hf-mirror.com 的网址。</translation>
    </message>
    <message>
        <source>The settings cannot be saved: {reason}.</source>
        <translation>无法存储设置：{reason}。</translation>
    </message>
    <message>
        <source>This cannot be changed: {reason}</source>
        <translation>无法更改：{reason}</translation>
    </message>
</context>
<context>
    <name>sizes</name>
    <message>
        <source>{n} s</source>
        <translation>{n} 秒</translation>
    </message>
    <message>
        <source>{n} min</source>
        <translation>{n} 分钟</translation>
    </message>
    <message>
        <source>{n} h</source>
        <translation>{n} 小时</translation>
    </message>
    <message>
        <source>MMM d</source>
        <translation>M月d日</translation>
    </message>
</context>
<context>
    <name>snippets</name>
    <message>
        <source>Claude Code sends long prompts. Load the model with a context of at least 32,768 tokens.</source>
        <translation>Claude Code 的提示词很长，请以至少 32,768 个词元的上下文加载模型。</translation>
    </message>
    <message>
        <source>The ollama command does not send a key.</source>
        <translation>ollama 命令不会发送密钥。</translation>
    </message>
    <message>
        <source>Enter these in Cursor&apos;s settings under Models. Cursor sends requests from its own servers, which cannot reach this computer: set up a tunnel and a key, and use the tunnel&apos;s address here. Nothing on this page opens a tunnel.</source>
        <translation>请在 Cursor 设置的 Models 中填写。Cursor 从自己的服务器发送请求，无法直接访问这台电脑：请设置隧道和密钥，并在此填写隧道的地址。本页面不会打开隧道。</translation>
    </message>
    <message>
        <source>Requires {command}</source>
        <translation>需要：{command}</translation>
    </message>
</context>
<context>
    <name>store</name>
    <message>
        <source>Entries in your conversation database that could not be read in full: {count}. The originals are kept in {name}.</source>
        <translation>对话数据库中有 {count} 个条目无法完整读取，原始内容保留在 {name} 中。</translation>
    </message>
    <message>
        <source>Your conversations could not be updated for this version ({reason}). They are as they were, and a copy is at {path}. Free up some space, or use the version from before.</source>
        <translation>无法将你的对话升级到此版本的格式（{reason}）。对话保持原样，副本在 {path}。请释放一些空间，或使用之前的版本。</translation>
    </message>
    <message>
        <source>The disk is full. Free up some space, and what is on screen will be saved.</source>
        <translation>磁盘已满。请腾出空间，屏幕上的内容随后会存储。</translation>
    </message>
    <message>
        <source>Your conversation database is damaged. Reopen qwen3mlx to repair it.</source>
        <translation>对话数据库已损坏，请重新打开 qwen3mlx 以修复。</translation>
    </message>
    <message>
        <source>Another app is using your conversation database. Close it and try again.</source>
        <translation>其他 App 正在使用对话数据库，请关闭它后再试。</translation>
    </message>
    <message>
        <source>Your conversations were saved by a newer version of qwen3mlx. Update to open them.</source>
        <translation>对话由更高版本的 qwen3mlx 存储，请更新后再打开。</translation>
    </message>
    <message>
        <source>Your conversations cannot be saved ({reason}). Check the folder&apos;s permissions.</source>
        <translation>无法存储对话（{reason}），请检查文件夹的权限。</translation>
    </message>
</context>
<context>
    <name>tools</name>
    <message>
        <source>A quotation mark of the command is not closed.</source>
        <translation>命令中的引号没有闭合。</translation>
    </message>
    <message>
        <source>Enter a command, or an address.</source>
        <translation>请输入命令或地址。</translation>
    </message>
    <message>
        <source>{line} must be a name and a value, such as TZ=Asia/Tokyo.</source>
        <translation>{line} 必须是名称和值，例如 TZ=Asia/Tokyo。</translation>
    </message>
    <message>
        <source>Enter the value of {name}.</source>
        <translation>请输入 {name} 的值。</translation>
    </message>
    <message>
        <source>{name} is required.</source>
        <translation>必须填写 {name}。</translation>
    </message>
    <message>
        <source>{name} must be a JSON object.</source>
        <translation>{name} 必须是 JSON 对象。</translation>
    </message>
    <message>
        <source>{name} must be a number.</source>
        <translation>{name} 必须是数字。</translation>
    </message>
    <message>
        <source>{name} must be JSON, such as [1, 2].</source>
        <translation>{name} 必须是 JSON，例如 [1, 2]。</translation>
    </message>
    <message>
        <source>Arguments</source>
        <translation>参数</translation>
    </message>
</context>
<context>
    <name>transfer</name>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>Thinking</source>
        <translation>思考过程</translation>
    </message>
    <message>
        <source>You</source>
        <translation>你</translation>
    </message>
    <message>
        <source>Tool result</source>
        <translation>工具结果</translation>
    </message>
    <message>
        <source>Assistant</source>
        <translation>助手</translation>
    </message>
    <message>
        <source>{name} contains no readable conversations.</source>
        <translation>{name} 中没有可以读取的对话。</translation>
    </message>
    <message>
        <source>{name} is not an export from LM Studio, ChatGPT, Claude, or qwen3mlx.</source>
        <translation>{name} 不是 LM Studio、ChatGPT、Claude 或 qwen3mlx 的导出文件。</translation>
    </message>
    <message>
        <source>{name} cannot be read: {reason}.</source>
        <translation>无法读取 {name}：{reason}。</translation>
    </message>
    <message>
        <source>{name} is damaged or not JSON. Export it again.</source>
        <translation>{name} 已损坏或不是 JSON，请重新导出。</translation>
    </message>
    <message>
        <source>{name} is too large to import.</source>
        <translation>{name} 太大，无法导入。</translation>
    </message>
    <message>
        <source>{name} was exported by a newer version of qwen3mlx. Update to import it.</source>
        <translation>{name} 由更高版本的 qwen3mlx 导出，请更新后再导入。</translation>
    </message>
</context>
<context>
    <name>updates</name>
    <message>
        <source>qwen3mlx {version} was released.</source>
        <translation>qwen3mlx {version} 已发布。</translation>
    </message>
    <message>
        <source>This is the newest release.</source>
        <translation>当前已是最新版本。</translation>
    </message>
    <message>
        <source>The newest release could not be found out. It is tried again tomorrow.</source>
        <translation>无法得知最新版本。明天会再次尝试。</translation>
    </message>
</context>
</TS>
